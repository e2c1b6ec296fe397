/** Commands that need an arm while the service has it, as a real systemd runs the service. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { askService } from "../../src/api/client.ts";
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
const GIVEN_BACK = "The service has the arms again: the follower will go slowly to the leader's pose.";

/**
 * What the package will put into place, as far as it matters here. Its control socket is not its pair's own, where commands
 * would ask it what they can: so each one that wants an arm must borrow it.
 */
const serviceUnit = (command: string) => `[Unit]
StartLimitIntervalSec=0
[Service]
User=so101
Group=dialout
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

  const socketOf = (unit: string) => `/run/so101-teleop/${unit}.sock`;

  /** What a service says of itself: which process it is, what it does, and how often its follower was aligned. */
  async function storyOf(unit: string) {
    const status = await askService([machine.path(socketOf(unit))], { do: "status" });
    const { pid, state, mode, alignments } = status!;
    return { pid, state, mode, alignments };
  }

  const untilFollowing = (unit = SERVICE) =>
    until(async () => {
      const story = await storyOf(unit).catch(() => undefined);
      return story?.state === "following";
    }, `waited for ${unit} to follow`);

  /** Does something that must not keep a service from following for a moment. */
  async function undisturbed<T>(action: () => Promise<T>, unit = SERVICE): Promise<T> {
    const before = await storyOf(unit);
    const result = await action();
    expect(await storyOf(unit)).toEqual(before);
    return result;
  }

  /** Does something for which the arms must be borrowed, and after which the same service must follow again by itself. */
  async function borrowing<T>(action: () => Promise<T>, unit = SERVICE): Promise<T> {
    const before = await storyOf(unit);
    const result = await action();
    await until(async () => {
      const { state, alignments } = await storyOf(unit);
      return state === "following" && alignments > before.alignments;
    }, `waited for ${unit} to follow again`);
    expect((await storyOf(unit)).pid).toBe(before.pid);
    return result;
  }

  /** A command that has the arm, and will have it until it is ended. */
  async function calibrating() {
    const command = machine.start(["so101", "calibrate", "leader", "--yes", "--sweep-for", "1000"]);
    await command.until("from end to end");
    expect(await storyOf(SERVICE)).toMatchObject({ state: "waiting", mode: "lent" });
    return command;
  }

  test("off a terminal a command says so, and does nothing without --yes", async () => {
    const { stderr, code } = await undisturbed(() => so101("calibration", "check"));
    expect(stderr).toContain(
      "The service has the arms. Borrow them, which releases the follower? It goes on as before afterwards — nobody can " +
        "be asked here: run it on a terminal, or give --yes",
    );
    expect(code).toBe(2);
  });

  test("with --yes the arms are borrowed once, and given back when the command is done", async () => {
    const { stdout, code } = await borrowing(() => so101("calibration", "check", "--yes"));
    expect(stdout.trimEnd().split("\n")).toEqual([
      expect.stringContaining("It goes on as before afterwards — yes"),
      "Borrowing the arms: the follower is released …",
      GIVEN_BACK,
      'leader "leader" can be used.',
      'follower "follower" can be used.',
    ]);
    expect(code).toBe(0);
  });

  test("the follower is released softly for it", async () => {
    const before = (await record()).length;
    await borrowing(() => so101("calibration", "show", "follower", "--yes"));
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
      await declined.until("Borrow them");
      declined.type("n");
      expect(await declined.exited()).toBe(130);
    });
    expect(declined.has("the service keeps the arms; nothing was done")).toBe(true);

    await using agreed = onTerminal("monitor", "follower");
    await borrowing(async () => {
      await agreed.until("Borrow them");
      agreed.type("\r");
      await agreed.until("Enter or Ctrl-C ends it.");
      agreed.type(CTRL_C);
      expect(await agreed.exited()).toBe(0);
    });
    expect(agreed.has(GIVEN_BACK)).toBe(true);
  });

  test("it has them again when the command fails", async () => {
    await sim.request({ do: "silent", arm: "follower", joint: "gripper", on: true });
    const before = await storyOf(SERVICE);
    const { stdout, stderr, code } = await so101("calibration", "pull", "follower", "--yes");
    expect(stderr).toContain("no answer from gripper (id 6)");
    expect(stdout).toContain(GIVEN_BACK);
    expect(code).toBe(1);
    expect((await storyOf(SERVICE)).pid).toBe(before.pid);
    await sim.request({ do: "silent", arm: "follower", joint: "gripper", on: false });
    await untilFollowing();
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "it has them again when %s ends the command",
    (signal) =>
      borrowing(async () => {
        const command = await calibrating();
        command.kill(signal);
        const { stdout, code } = await command.outcome;
        expect(stdout).toContain(GIVEN_BACK);
        expect(code).toBe(130);
      }),
  );

  test("it goes on when the command is interrupted while it borrows the arms", async () => {
    const { stdout, code } = await borrowing(async () => {
      const command = machine.start(["so101", "calibration", "show", "leader", "--yes"]);
      await command.until("Borrowing");
      command.kill("SIGINT");
      return command.outcome;
    });
    expect(stdout).not.toContain("elbow_flex");
    expect(code).toBe(130);
  });

  test("it has them again when the command is killed", async () => {
    await borrowing(async () => (await calibrating()).kill("SIGKILL"));
    await borrowing(async () => {
      const command = machine.start(["so101", "calibration", "show", "leader", "--yes"]);
      await command.until("Borrowing");
      command.kill("SIGKILL");
    });
  });

  test("it has them again when the command's terminal is closed", async () => {
    await using program = onTerminal("monitor", "leader");
    await borrowing(async () => {
      await program.until("Borrow them");
      program.type("\r");
      await program.until("Enter or Ctrl-C ends it.");
      program.close();
    });
  });

  test("it has them again when nobody reads the command's output any more", async () => {
    const { stdout } = await borrowing(() =>
      machine.run(["sh", "-c", "so101 monitor leader --yes --json --interval 0.1 | head -n 4"]),
    );
    expect(stdout).toContain('"event":"sample"');
  });

  test("a command whose arms are wanted back ends, with the arm safe, and the release is done", async () => {
    const command = await calibrating();
    const released = await so101("release", "--socket", socketOf(SERVICE));
    expect([released.code, released.stderr]).toEqual([0, ""]);
    const { code, stderr } = await command.outcome;
    expect(stderr).toContain("somebody asked to release the follower: the service has the arms again");
    expect(code).toBe(130);
    await so101("resume", "--socket", socketOf(SERVICE));
    await untilFollowing();
  });

  test("relax leaves it released, so that the arm stays limp, and says what goes on", async () => {
    const { stdout, code } = await so101("relax", "follower", "--yes");
    expect(stdout).toContain('The service has the arms again, and stays released: "so101 resume" goes on.');
    expect(code).toBe(0);
    expect(await stateOfService()).toBe("active");
    const { follower } = await sim.request({ do: "state" });
    expect(JOINTS.map((joint) => follower.joints[joint].energised)).toEqual(JOINTS.map(() => false));
    await so101("resume", "--socket", socketOf(SERVICE));
    await untilFollowing();
  });

  test("a user of group dialout needs no more than that", async () => {
    await borrowing(async () => {
      const command = ["so101", "calibration", "check", "leader", "--yes"];
      const { stdout, stderr, code } = await machine.run(command, "pi");
      expect([stderr, code]).toEqual(["", 0]);
      expect(stdout).toContain('leader "leader" can be used.');
    });
  });

  test("another program than the service is named, and goes on", async () => {
    await machine.must("systemctl", "stop", SERVICE);
    const other = machine.start(["so101", "teleoperate", "--socket", "/root/other.sock"]);
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
    const { stdout } = await undisturbed(() =>
      borrowing(() => so101("calibration", "check", "leader", "--pair", "left", "--yes"), left),
    );
    expect(stdout).toContain("The service of the pair left has the arms again");
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
