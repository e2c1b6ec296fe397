/** Commands that need an arm while the service has it, as a real systemd runs the service. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { JOINTS } from "../../src/arm/joints.ts";
import { Instruction } from "../../src/feetech/packet.ts";
import { registers } from "../../src/feetech/registers.ts";
import { SimClient } from "../../src/sim/control/client.ts";
import type { RecordEntry } from "../../src/sim/record/entries.ts";
import { bytesOf, recordEntries } from "../../src/sim/testing/record.ts";
import { checkSafety, needlessWrites } from "../../src/sim/testing/safety.ts";
import { MACHINE_NEEDS, Machine } from "../support/machine.ts";
import { needing } from "../support/needs.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(120_000);

const { describe } = needing(...MACHINE_NEEDS);

const SERVICE = "so101-teleop.service";
const PATIENCE_MS = 30_000;
const CTRL_C = "\u0003";

/**
 * What the package will put into place, as far as it matters here: its control socket is where no command looks for it, so
 * that each one that wants an arm must have the service out of its way.
 */
const serviceUnit = (command: string) => `[Unit]
StartLimitIntervalSec=0
[Service]
User=so101
SupplementaryGroups=dialout
RuntimeDirectory=so101-teleop
RuntimeDirectoryPreserve=yes
ExecStart=${command} --socket %t/so101-teleop/%n.sock
Restart=always
`;

/** A pair's simulated arms, their ports with the rights of real ones: for root and group dialout. */
const armsUnit = `[Service]
RuntimeDirectory=arms/%i
WorkingDirectory=/run/arms/%i
ExecStart=/usr/bin/so101 sim --dir . --arms configured --motion still
ExecStartPost=/bin/sh -c 'until [ -e sim.sock ]; do sleep 0.1; done; \\
  chgrp dialout leader follower && chmod 660 leader follower'
`;

const configOf = (pair: string) => `calibration_dir = "/run/arms/${pair}/calibration"
[leader]
port = "/run/arms/${pair}/leader"
id = "leader"
[follower]
port = "/run/arms/${pair}/follower"
id = "follower"
`;

describe("while the service has the arms", () => {
  let machine: Machine;
  let sim: SimClient;
  const inArms = (file: string) => machine.path(`/run/arms/main/${file}`);

  beforeAll(async () => {
    machine = await Machine.boot();
    await machine.must("useradd", "--system", "so101");
    await machine.must("useradd", "--groups", "dialout", "pi");
    const units = "/usr/lib/systemd/system";
    await machine.write(`${units}/arms@.service`, armsUnit);
    await machine.write(`${units}/${SERVICE}`, serviceUnit("/usr/bin/so101 teleoperate"));
    await machine.write(
      `${units}/so101-teleop@.service`,
      serviceUnit("/usr/bin/so101 teleoperate --pair %i"),
    );
    await machine.write("/etc/so101-teleop/config.toml", configOf("main"));
    await machine.must("systemctl", "daemon-reload");
    await machine.must("systemctl", "start", "arms@main.service");
    sim = await SimClient.connect(inArms("sim.sock"));
  });

  beforeEach(async () => {
    await machine.must("systemctl", "start", SERVICE);
    await untilFollowing();
  });

  afterAll(async () => {
    if (machine === undefined) return;
    await using _ = machine;
    const entries = await record();
    expect(checkSafety(entries, { followSpeedDegPerS: 360, alignSpeedDegPerS: 45 })).toEqual([]);
    expect(needlessWrites(entries)).toEqual([]);
  });

  const so101 = (...args: string[]) => machine.run(["so101", ...args]);
  const onTerminal = (...args: string[]) =>
    new ProgramOnTerminal(args, { program: [...machine.enter(), "so101"] });
  const stateOfService = async () => (await machine.run(["systemctl", "is-active", SERVICE])).stdout.trim();

  async function record(): Promise<RecordEntry[]> {
    await sim.request({ do: "sync" });
    return recordEntries(inArms("record.ndjson"));
  }

  async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    for (const deadline = performance.now() + PATIENCE_MS; !(await isSo()); await Bun.sleep(50)) {
      if (performance.now() > deadline)
        throw new Error(`${what}, in vain:\n${await machine.must("journalctl", "-n", "40")}`);
    }
  }

  /** When a service was started last, so to speak, and the states that it has been in since. */
  async function storyOf(unit: string): Promise<{ start: string; states: string[] }> {
    const start = await machine.must("systemctl", "show", "--property=InvocationID", "--value", unit);
    const log = await machine.must("journalctl", "--quiet", "-o", "cat", `_SYSTEMD_INVOCATION_ID=${start}`);
    return { start, states: log.match(/^[a-z]+(?=: )/gm) ?? [] };
  }

  const untilFollowing = (unit = SERVICE) =>
    until(async () => (await storyOf(unit)).states.at(-1) === "following", `waited for ${unit} to follow`);

  /** Does something that must not keep a service from following for a moment. */
  async function undisturbed<T>(action: () => Promise<T>, unit = SERVICE): Promise<T> {
    const before = await storyOf(unit);
    const result = await action();
    expect(await storyOf(unit)).toEqual(before);
    expect(await stateOfService()).toBe("active");
    return result;
  }

  /** Does something for which the service must be stopped, and after which it must follow again by itself. */
  async function interrupting<T>(action: () => Promise<T>): Promise<T> {
    const before = await storyOf(SERVICE);
    const result = await action();
    await until(
      async () => (await storyOf(SERVICE)).start !== before.start,
      `waited for ${SERVICE} to start`,
    );
    await untilFollowing();
    return result;
  }

  /** A command that has the arm, and will have it until it is ended. */
  async function calibrating() {
    const command = machine.start(["so101", "calibrate", "leader", "--yes", "--sweep-for", "1000"]);
    await command.until("from end to end");
    expect(await stateOfService()).toBe("inactive");
    return command;
  }

  test("off a terminal a command says so, and does nothing without --yes", async () => {
    const { stderr, code } = await undisturbed(() => so101("calibration", "check"));
    expect(stderr).toContain(
      `The service ${SERVICE} is using the arms. Stop it for now, which releases the follower? ` +
        "It is started again afterwards — nobody can be asked here: run it on a terminal, or give --yes",
    );
    expect(code).toBe(2);
  });

  test("with --yes the service is stopped once, and started again when the command is done", async () => {
    const { stdout, code } = await interrupting(() => so101("calibration", "check", "--yes"));
    expect(stdout.trimEnd().split("\n")).toEqual([
      expect.stringContaining("It is started again afterwards — yes"),
      `Stopping ${SERVICE} …`,
      `${SERVICE} is started again: the follower will go slowly to the leader's pose.`,
      'leader "leader" can be used.',
      'follower "follower" can be used.',
    ]);
    expect(code).toBe(0);
  });

  test("the follower is released softly for it", async () => {
    const before = (await record()).length;
    await interrupting(() => so101("calibration", "show", "follower", "--yes"));
    const entries = (await record()).slice(before);
    const letGo = entries.findIndex((entry) => entry.kind === "event" && entry.event === "limp");
    expect(letGo).toBeGreaterThan(0);
    const limits = torqueLimitsIn(entries.slice(0, letGo));
    expect(limits.length).toBeGreaterThan(10);
    expect(limits).toEqual(limits.toSorted((a, b) => b - a));
    expect(limits.at(-1)).toBe(0);
  });

  test("a person is asked: no leaves the service alone, yes gives it back with the command's end", async () => {
    await using declined = onTerminal("monitor", "follower");
    await undisturbed(async () => {
      await declined.until("Stop it for now");
      declined.type("n");
      expect(await declined.exited()).toBe(130);
    });
    expect(declined.has(`the service ${SERVICE} goes on; nothing was done`)).toBe(true);

    await using agreed = onTerminal("monitor", "follower");
    await interrupting(async () => {
      await agreed.until("Stop it for now");
      agreed.type("\r");
      await agreed.until("Enter or Ctrl-C ends it.");
      agreed.type(CTRL_C);
      expect(await agreed.exited()).toBe(0);
    });
    expect(agreed.has(`${SERVICE} is started again`)).toBe(true);
  });

  test("it is started again when the command fails", async () => {
    await sim.request({ do: "silent", arm: "follower", joint: "gripper", on: true });
    const before = await storyOf(SERVICE);
    const { stdout, stderr, code } = await so101("calibration", "pull", "follower", "--yes");
    expect(stderr).toContain("no answer from gripper (id 6)");
    expect(stdout).toContain(`${SERVICE} is started again`);
    expect(code).toBe(1);
    expect((await storyOf(SERVICE)).start).not.toBe(before.start);
    await sim.request({ do: "silent", arm: "follower", joint: "gripper", on: false });
    await untilFollowing();
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "it is started again when %s ends the command",
    (signal) =>
      interrupting(async () => {
        const command = await calibrating();
        command.kill(signal);
        const { stdout, code } = await command.outcome;
        expect(stdout).toContain(`${SERVICE} is started again`);
        expect(code).toBe(130);
      }),
  );

  test("it is started again when the command is interrupted while it stops the service", async () => {
    const { stdout, code } = await interrupting(async () => {
      const command = machine.start(["so101", "calibration", "show", "leader", "--yes"]);
      await command.until("Stopping");
      command.kill("SIGINT");
      return command.outcome;
    });
    expect(stdout).not.toContain("elbow_flex");
    expect(code).toBe(130);
  });

  test("it is started again by itself when the command is killed", async () => {
    await interrupting(async () => (await calibrating()).kill("SIGKILL"));
    await interrupting(async () => {
      const command = machine.start(["so101", "calibration", "show", "leader", "--yes"]);
      await until(async () => (await stateOfService()) === "deactivating", "waited for the service to stop");
      command.kill("SIGKILL");
    });
  });

  test("it is started again when the command's terminal is closed", async () => {
    await using program = onTerminal("monitor", "leader");
    await interrupting(async () => {
      await program.until("Stop it for now");
      program.type("\r");
      await program.until("Enter or Ctrl-C ends it.");
      program.close();
    });
  });

  test("it is started again when nobody reads the command's output any more", async () => {
    const { stdout } = await interrupting(() =>
      machine.run(["sh", "-c", "so101 monitor leader --yes --json --interval 0.1 | head -n 4"]),
    );
    expect(stdout).toContain('"event":"sample"');
  });

  test("when it cannot be started again, that is said, and how to, and the command has failed", async () => {
    const command = machine.start(["so101", "monitor", "leader", "--yes"]);
    await command.until("shoulder_pan");
    await machine.must("systemctl", "mask", SERVICE);
    command.kill("SIGINT");
    const { stdout, code } = await command.outcome;
    expect(stdout).toContain(
      `warning: ${SERVICE} could not be started: Unit ${SERVICE} is masked — ` +
        `start it with: sudo systemctl start ${SERVICE}`,
    );
    expect(code).toBe(1);
    await machine.must("systemctl", "unmask", SERVICE);
  });

  test("relax leaves it stopped, so that the arm stays limp, and says how to start it", async () => {
    const { stdout, code } = await so101("relax", "follower", "--yes");
    expect(stdout).toContain(`${SERVICE} stays stopped — start it with: sudo systemctl start ${SERVICE}`);
    expect(code).toBe(0);
    expect(await stateOfService()).toBe("inactive");
    const { follower } = await sim.request({ do: "state" });
    expect(JOINTS.map((joint) => follower.joints[joint].energised)).toEqual(JOINTS.map(() => false));
  });

  test.each([["calibration check leader"], ["relax follower"]])(
    "a user without the right is told to use sudo, and the service goes on: %s",
    async (command) => {
      const { stderr, code } = await undisturbed(() =>
        machine.run(["so101", ...command.split(" "), "--yes"], "pi"),
      );
      expect(stderr).toMatch(
        /^so101: so101-teleop\.service could not be stopped: .* — run the command again with sudo\n$/,
      );
      expect(code).toBe(1);
    },
  );

  test("another program than the service is named, and goes on", async () => {
    await machine.must("systemctl", "stop", SERVICE);
    const other = machine.start(["so101", "teleoperate"]);
    await other.until("following:");
    const { stderr, code } = await so101("calibration", "check", "leader", "--yes");
    expect(stderr).toMatch(
      /^so101: leader "leader": so101 \(pid \d+\) has \S+ open — end that program first\n$/,
    );
    expect(code).toBe(1);
    expect(other.stdout).not.toContain("holding");
    other.kill("SIGTERM");
    expect((await other.outcome).code).toBe(0);
  });

  test("of a further pair it is that pair's service, and no other", async () => {
    const left = "so101-teleop@left.service";
    await machine.write("/etc/so101-teleop/left.toml", configOf("left"));
    await machine.must("systemctl", "start", "arms@left.service", left);
    await untilFollowing(left);
    const before = await storyOf(left);
    const { stdout } = await undisturbed(() =>
      so101("calibration", "check", "leader", "--pair", "left", "--yes"),
    );
    expect(stdout).toContain(`${left} is started again`);
    expect((await storyOf(left)).start).not.toBe(before.start);
    await machine.must("rm", "/etc/so101-teleop/left.toml");
  });
});

/** The torque limits that the gripper was given, in order. */
function torqueLimitsIn(entries: readonly RecordEntry[]): number[] {
  const { address } = registers.torque_limit;
  return entries.flatMap((entry) => {
    if (entry.kind !== "request" || entry.arm !== "follower") return [];
    const packet = bytesOf(entry);
    if (packet[4] !== Instruction.syncWrite || packet[5] !== address) return [];
    const [low, high] = packet.subarray(-3, -1) as unknown as [number, number];
    return [low | (high << 8)];
  });
}
