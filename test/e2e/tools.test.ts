import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JOINTS, type JointName } from "../../src/arm/joints.ts";
import { whyNoUdev } from "../../src/host/udev.ts";
import type { BytesEntry } from "../../src/sim/record/entries.ts";
import { bytesOf, recordEntries } from "../../src/sim/testing/record.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { programPath, run } from "../support/program.ts";
import { checkedArms, optionsFor } from "../support/simulated-arms.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(60_000);

const CTRL_C = "\u0003";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "so101-tools-"));
});
afterAll(() => rm(folder, { recursive: true }));

const arms = () => checkedArms({ arms: "calibrated", motion: "still" });
const so101 = (...args: string[]) => run([programPath, ...args], { cwd: folder });

/** Whether nothing but pings and reads was sent to the arms. */
async function onlyRead(sim: RunningSim): Promise<boolean> {
  await sim.client.request({ do: "sync" });
  const entries = await recordEntries(sim.paths.record);
  const requests = entries.filter((entry): entry is BytesEntry => entry.kind === "request");
  expect(requests.length).toBeGreaterThan(0);
  return requests.every((entry) => [0x01, 0x02, 0x82].includes(bytesOf(entry)[4]!));
}

describe("find-port", () => {
  const ports = ({ paths }: RunningSim) => [
    paths.leader,
    paths.follower,
    "--calibration-dir",
    paths.calibration,
  ];

  test("lists each board once, with what answers on it and which arm that is", async () => {
    await using sim = await arms();
    const { stdout, code } = await so101("find-port", sim.paths.leader, ...ports(sim));
    expect(stdout.match(/all six servos answer, 5\.0 V/g)).toHaveLength(2);
    expect(stdout).toContain(`= ${sim.paths.leader}`);
    expect(stdout).toContain('holds the calibration of leader "leader"');
    expect(stdout).toContain('holds the calibration of follower "follower"');
    expect(code).toBe(0);
    expect(await onlyRead(sim)).toBe(true);
  });

  test("tells a program the same", async () => {
    await using sim = await arms();
    await sim.client.request({ do: "power", arm: "follower", on: false });
    const { stdout } = await so101("find-port", "--json", ...ports(sim));
    const [leader, follower] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(leader).toMatchObject({
      event: "board",
      answering: JOINTS,
      holds: [{ role: "leader", id: "leader" }],
    });
    expect(follower).toMatchObject({ answering: [], voltageV: null, holds: [] });
    expect(follower.trouble).toContain("no servo answers — switch the arm's power on");
  });

  test("knows the configured ports", async () => {
    await using sim = await arms();
    const config = join(folder, "config.toml");
    const { leader, follower, calibration } = sim.paths;
    await writeFile(
      config,
      `calibration_dir = "${calibration}"\n[leader]\nport = "${leader}"\n[follower]\nport = "${follower}"\n`,
    );
    const { stdout } = await so101("find-port", "--config", config);
    expect(stdout).toContain("the configured leader's port");
    expect(stdout).toContain("the configured follower's port");
  });

  test("names the arm that a person moves", async () => {
    await using sim = await arms();
    await using program = new ProgramOnTerminal(["find-port", ...ports(sim)]);
    await program.until("Move one of the arms by hand");
    const { position } = (await sim.client.request({ do: "state" })).follower.joints.wrist_flex;
    await sim.client.request({ do: "push", arm: "follower", joint: "wrist_flex", position: position - 400 });
    expect(await program.exited()).toBe(0);
    expect(program.has("The arm that was moved (wrist_flex) is on")).toBe(true);
    expect(program.has('it holds the calibration of follower "follower".')).toBe(true);
    expect(await onlyRead(sim)).toBe(true);
  });

  test("goes on watching when a board is pulled, and says so", async () => {
    await using sim = await arms();
    await using program = new ProgramOnTerminal(["find-port", ...ports(sim)]);
    await program.until("Move one of the arms by hand");
    await sim.client.request({ do: "pull", arm: "leader" });
    await program.until("went away");
    program.type(CTRL_C);
    expect(await program.exited()).toBe(130);
  });

  test("without a person watches for so long", async () => {
    await using sim = await arms();
    const { stderr, code } = await so101("find-port", "--wait", "0.5", ...ports(sim));
    expect(stderr).toContain("no arm was moved within 0.5 s");
    expect(code).toBe(1);
  });

  test("without any board says what to check", async () => {
    const { stderr, code } = await so101("find-port", "--list", "--calibration-dir", folder);
    // A machine without udev, as a container is, cannot know whether there is one.
    if (whyNoUdev() === undefined) expect(stderr).toContain("no board is plugged in");
    else {
      expect(stderr).toContain(`boards cannot be listed: ${whyNoUdev()}; `);
      expect(stderr).not.toContain("cable");
    }
    expect(code).toBe(1);
  });
});

describe("monitor", () => {
  test("shows each joint live, and never writes", async () => {
    await using sim = await arms();
    await sim.client.request({ do: "set", arm: "leader", joint: "gripper", temperature: 51, voltage: 62 });
    await using program = new ProgramOnTerminal(["monitor", "leader", ...optionsFor(sim, "leader")]);
    const screen = await program.until("Enter or Ctrl-C ends it.");
    expect(screen).toMatch(/gripper +2100 +6\.4 % +0 °\/s +0 % +0 mA +6\.2 V +51 °C +off +0/);
    for (const line of screen.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    await sim.client.request({ do: "error", arm: "leader", joint: "elbow_flex", bits: 32 });
    await program.until("elbow_flex (id 3) reports an overload");
    program.type(CTRL_C);
    expect(await program.exited()).toBe(0);
    expect(await onlyRead(sim)).toBe(true);
  });

  test("needs no more than a port, and outlives power and cable", async () => {
    await using sim = await arms();
    await using program = new ProgramOnTerminal(["monitor", "--port", sim.paths.follower]);
    await program.until((screen) => /gripper +2050 +4\.5 %/.test(screen), "the gripper's position");
    await sim.client.request({ do: "silent", arm: "follower", joint: "gripper", on: true });
    await program.until((screen) => /gripper +no answer/.test(screen), "a gripper that does not answer");
    await program.until("no answer from gripper (id 6)");
    await sim.client.request({ do: "pull", arm: "follower" });
    await program.until("is not there");
    await sim.client.request({ do: "silent", arm: "follower", joint: "gripper", on: false });
    await sim.client.request({ do: "plug", arm: "follower" });
    await program.until((screen) => /gripper +2050/.test(screen), "the gripper again");
    program.type("\r");
    expect(await program.exited()).toBe(0);
  });

  test("survives a terminal that becomes smaller and larger", async () => {
    await using sim = await arms();
    await using program = new ProgramOnTerminal(["monitor", "leader", ...optionsFor(sim, "leader")]);
    await program.until("Enter or Ctrl-C ends it.");
    for (const [columns, rows] of [
      [50, 15],
      [120, 40],
      [80, 24],
    ] as const) {
      program.resize(columns, rows);
      await program.until(
        (screen) =>
          screen.match(/^gripper/gm)?.length === 1 && screen.match(/^leader "leader"/gm)?.length === 1,
        `one table in ${columns} × ${rows}`,
      );
    }
  });

  test("prints one sample, for people and for programs", async () => {
    await using sim = await arms();
    const table = await so101("monitor", "leader", ...optionsFor(sim, "leader"), "--once");
    expect(table.stdout).toMatch(/elbow_flex +2790 +70\.4 %/);
    const { stdout, code } = await so101(
      "monitor",
      "leader",
      ...optionsFor(sim, "leader"),
      "--once",
      "--json",
    );
    expect(JSON.parse(stdout)).toMatchObject({
      event: "sample",
      arm: 'leader "leader"',
      trouble: null,
      joints: {
        elbow_flex: { positionSteps: 2790, voltageV: 5, temperatureC: 30, torqueOn: false, errors: [] },
      },
    });
    expect(code).toBe(0);
  });

  test("of nothing ends with exit code 1, and of nobody with 2", async () => {
    const nothing = await so101("monitor", "--port", "/dev/none", "--once");
    expect(nothing.stdout).toContain("/dev/none is not there — plug in the arm's USB board");
    expect(nothing.code).toBe(1);
    expect(await so101("monitor")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("or --port with a path"),
    });
  });
});

describe("relax", () => {
  const holding = async (sim: RunningSim) => {
    for (const joint of JOINTS) {
      const goal = (await sim.client.request({ do: "state" })).follower.joints[joint].position;
      const values = { goal_position: goal, torque_enable: 1 };
      await sim.client.request({ do: "registers", arm: "follower", joint, values });
    }
  };

  test("lets an arm go that holds, joint by joint", async () => {
    await using sim = await arms();
    await holding(sim);
    const { stdout, code } = await so101("relax", "follower", ...optionsFor(sim, "follower"));
    expect(stdout.match(/torque is off now/g)).toHaveLength(6);
    expect(code).toBe(0);
    const { joints } = (await sim.client.request({ do: "state" })).follower;
    expect(JOINTS.map((joint) => joints[joint].energised)).toEqual(JOINTS.map(() => false));
    const again = await so101("relax", "follower", ...optionsFor(sim, "follower"), "--json");
    expect(JSON.parse(again.stdout.split("\n")[0]!)).toMatchObject({ joints: { gripper: "limp already" } });
  });

  test("lets those go that answer, and says who did not", async () => {
    await using sim = await arms();
    await holding(sim);
    await sim.client.request({ do: "silent", arm: "follower", joint: "elbow_flex", on: true });
    const { stdout, stderr, code } = await so101("relax", "follower", ...optionsFor(sim, "follower"));
    expect(stdout).toMatch(/elbow_flex +no answer/);
    expect(stdout.match(/torque is off now/g)).toHaveLength(5);
    expect(stderr).toContain(
      "elbow_flex (id 3) did not confirm that the torque is off — switch the arm's power off",
    );
    expect(code).toBe(1);
    const { joints } = (await sim.client.request({ do: "state" })).follower;
    expect(JOINTS.filter((joint) => joints[joint].energised)).toEqual(["elbow_flex"]);
  });
});

describe("an arm with wrong ids", () => {
  test("is the same to check, calibrate, doctor and find-port", async () => {
    await using sim = await arms();
    await sim.client.request({ do: "registers", arm: "leader", joint: "elbow_flex", values: { id: 8 } });
    await sim.client.request({ do: "registers", arm: "leader", joint: "wrist_flex", values: { id: 9 } });
    const what = "no answer from elbow_flex (id 3) and wrist_flex (id 4), but ids 8 and 9 answer — ";
    const options = optionsFor(sim, "leader");
    const config = join(folder, "ids.toml");
    const { leader, follower, calibration } = sim.paths;
    await writeFile(
      config,
      `calibration_dir = "${calibration}"\n[leader]\nport = "${leader}"\n[follower]\nport = "${follower}"\n`,
    );
    const check = await so101("calibration", "check", "leader", ...options);
    const calibrate = await so101("calibrate", "leader", ...options, "--yes");
    const doctor = await so101("doctor", "--config", config, "--json");
    const found = await so101("find-port", "--list", leader, "--calibration-dir", calibration);
    for (const { stdout, stderr } of [check, calibrate, doctor, found])
      expect(`${stdout}${stderr}`).toContain(what);
    const cure = `so101 setup-motors leader --port ${leader} --id leader`;
    expect(check.stdout + check.stderr).toContain(cure);
    expect(calibrate.stderr).toContain(cure);
    expect(await onlyRead(sim)).toBe(true);
  });
});

describe("setup-motors", () => {
  /** New servos, all with id 1; only `connected` ones are on the line. */
  async function connect(sim: RunningSim, ...connected: (typeof JOINTS)[number][]) {
    for (const joint of JOINTS) {
      await sim.client.request({ do: "silent", arm: "leader", joint, on: !connected.includes(joint) });
    }
  }
  const newArm = async (sim: RunningSim) => {
    await sim.client.request({ do: "registers", arm: "leader", values: { id: 1, baud_rate: 0 } });
    await sim.client.request({
      do: "registers",
      arm: "leader",
      joint: "wrist_flex",
      values: { baud_rate: 4, id: 9 },
    });
  };
  const fresh = async () => {
    const sim = await checkedArms({ arms: "new", motion: "still" });
    await newArm(sim);
    return sim;
  };
  const idsOf = async (sim: RunningSim) => {
    const { joints } = (await sim.client.request({ do: "state" })).leader;
    return JOINTS.map((joint) => [joints[joint].registers.id, joints[joint].registers.baud_rate]);
  };

  test("a new arm, one servo after the other, interrupted and gone on with", async () => {
    await using sim = await fresh();
    await connect(sim);
    const args = ["setup-motors", "leader", ...optionsFor(sim, "leader")];
    {
      await using program = new ProgramOnTerminal(args);
      await program.until("Connect the servo for gripper (id 6)");
      program.type("\r");
      await program.until("no servo answers at any speed");
      await connect(sim, "gripper", "elbow_flex");
      program.type("\r");
      await program.until("two servos answer at once");
      await connect(sim, "gripper");
      program.type("\r");
      await program.until("gripper (id 6) is set up; it had id 1");
      await program.until("Connect the servo for wrist_roll (id 5)");
      program.type("\r");
      await program.until("Is it really another one");
      program.type("\r");
      await connect(sim, "wrist_roll");
      await program.until((screen) => screen.match(/Connect the servo for wrist_roll/g)?.length === 2);
      program.type("\r");
      await program.until("wrist_roll (id 5) is set up");
      await program.until("Connect the servo for wrist_flex"); // by then it is kept that wrist_roll is done
      program.kill("SIGKILL");
      await program.exited();
    }
    await using program = new ProgramOnTerminal(args);
    await program.until("gripper, wrist_roll were set up before");
    for (const joint of ["wrist_flex", "elbow_flex", "shoulder_lift", "shoulder_pan"] as const) {
      await program.until(`Connect the servo for ${joint}`);
      await connect(sim, joint);
      program.type("\r");
    }
    await program.until("Now connect all six servos");
    expect(program.has("wrist_flex (id 4) is set up; it had id 9 at 115200 baud")).toBe(true);
    expect(program.has("shoulder_pan (id 1) is right already")).toBe(true);
    await connect(sim, ...JOINTS.slice(0, 4));
    program.type("\r");
    await program.until("no answer from wrist_roll (id 5) and everything after it");
    await connect(sim, ...JOINTS);
    program.type("\r");
    expect(await program.exited()).toBe(0);
    expect(program.has("is set up: six servos, in order. Next: so101 calibrate leader")).toBe(true);
    expect(await idsOf(sim)).toEqual(JOINTS.map((_, index) => [index + 1, 0]));
  });

  test("one joint's servo without a person", async () => {
    await using sim = await fresh();
    await connect(sim, "wrist_flex");
    const args = ["setup-motors", "leader", ...optionsFor(sim, "leader"), "--joint", "wrist_flex", "--yes"];
    expect((await so101(...args)).stdout).toContain(
      "wrist_flex (id 4) is set up; it had id 9 at 115200 baud",
    );
    expect((await so101(...args)).stdout).toContain("wrist_flex (id 4) is right already");
    await sim.client.request({
      do: "registers",
      arm: "leader",
      joint: "wrist_flex",
      values: { model_number: 1540 },
    });
    const wrong = await so101(...args);
    expect(wrong.stderr).toContain("the servo with id 4 is of model 1540, not an STS3215 (model 777)");
    expect(wrong.code).toBe(1);
  });

  test("goes on after the board was unplugged and plugged in again", async () => {
    await using sim = await fresh();
    await connect(sim, "gripper");
    await using program = new ProgramOnTerminal(["setup-motors", "leader", ...optionsFor(sim, "leader")]);
    await program.until("Connect the servo for gripper (id 6)");
    await sim.client.request({ do: "pull", arm: "leader" });
    await sim.client.request({ do: "plug", arm: "leader" });
    program.type("\r");
    await program.until("The board is back, on");
    await program.until("gripper (id 6) is set up; it had id 1");
    await program.until("Connect the servo for wrist_roll (id 5)");
    await sim.client.request({ do: "pull", arm: "leader" });
    program.type("\r");
    await program.until("plug it in again; it goes on then");
    await connect(sim, "wrist_roll");
    await sim.client.request({ do: "plug", arm: "leader" });
    await program.until("wrist_roll (id 5) is set up; it had id 1");
    program.type(CTRL_C);
    expect(await program.exited()).toBe(130);
  });

  describe("in the chain", () => {
    const renumbered = async (ids: { [joint in JointName]?: number }) => {
      const sim = await arms();
      for (const [joint, id] of Object.entries(ids))
        await sim.client.request({
          do: "registers",
          arm: "leader",
          joint: joint as JointName,
          values: { id },
        });
      return sim;
    };
    const IN_ORDER = JOINTS.map((_, index) => [index + 1, 0]);

    test("one joint's servo gets its id, the others stay as they are", async () => {
      await using sim = await renumbered({ elbow_flex: 8 });
      const args = ["setup-motors", "leader", ...optionsFor(sim, "leader"), "--joint", "elbow_flex", "--yes"];
      const { stdout, code } = await so101(...args);
      expect(stdout).toContain("elbow_flex (id 3) is set up; it had id 8");
      expect(code).toBe(0);
      expect(await idsOf(sim)).toEqual(IN_ORDER);
      expect((await so101(...args)).stdout).toContain("elbow_flex (id 3) is right already");
    });

    test("which of two is which, moving the joint tells; without a person that is refused", async () => {
      await using sim = await renumbered({ elbow_flex: 9, wrist_flex: 8 });
      const args = ["setup-motors", "leader", ...optionsFor(sim, "leader")];
      const refused = await so101(...args, "--joint", "elbow_flex", "--yes");
      expect(refused.stderr).toContain("ids 8, 9 answer, and any may be elbow_flex (id 3)");
      expect(refused.code).toBe(1);
      await using program = new ProgramOnTerminal(args);
      await program.until("Move elbow_flex by hand");
      const { position } = (await sim.client.request({ do: "state" })).leader.joints.elbow_flex;
      await sim.client.request({ do: "push", arm: "leader", joint: "elbow_flex", position: position - 400 });
      await program.until("Is it elbow_flex's, to get the id 3?");
      program.type("\r");
      await program.until("Is it wrist_flex's, to get the id 4?");
      program.type("\r");
      expect(await program.exited()).toBe(0);
      expect(await idsOf(sim)).toEqual(IN_ORDER);
    });
  });

  test("an arm that is set up is said to be, and one that is not needs a person", async () => {
    await using sim = await arms();
    const args = ["setup-motors", "leader", ...optionsFor(sim, "leader")];
    const done = await so101(...args);
    expect(done.stdout).toContain("all six servos answer by their ids already");
    expect(done.code).toBe(0);
    await newArm(sim);
    const { stderr, code } = await so101(...args);
    expect(stderr).toContain("run it on a terminal, or give --joint and --yes");
    expect(code).toBe(2);
  });
});
