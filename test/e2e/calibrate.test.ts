import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCalibration } from "../../src/arm/calibration/files/file.ts";
import { encoderAt } from "../../src/arm/calibration/homing.ts";
import { JOINTS, type JointName, type Role } from "../../src/arm/joints.ts";
import { steps } from "../../src/feetech/units.ts";
import type { RunningSim, StartOptions } from "../../src/sim/testing/start.ts";
import { MOUNTING, needing } from "../support/needs.ts";
import { programPath, run } from "../support/program.ts";
import {
  atRest,
  checkedArms,
  encoders,
  fileOf,
  held,
  inEeprom,
  optionsFor,
} from "../support/simulated-arms.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(120_000);

const ENTER = "\r";
const CTRL_C = "\u0003";
const MIDDLE_QUESTION = "in the middle, and at rest?";
const SWEEP_HINT = "Enter when every joint was moved";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "so101-calibrate-"));
});
afterAll(() => rm(folder, { recursive: true }));

const arms = (options: StartOptions = {}) => checkedArms({ arms: "new", motion: "middle", ...options });

function argumentsFor(sim: RunningSim, role: Role = "leader", ...more: string[]): string[] {
  return ["calibrate", role, ...optionsFor(sim, role), ...more];
}

/** The whole procedure on a terminal, up to the last Enter. */
async function calibrateOnTerminal(program: ProgramOnTerminal, sim: RunningSim, role: Role = "leader") {
  await program.until(MIDDLE_QUESTION);
  await atRest(sim, role);
  program.type(ENTER);
  await program.until(SWEEP_HINT);
  await sim.client.request({ do: "motion", arm: role, play: "sweep" });
  await program.until(
    (screen) => (screen.match(/moved$/gm)?.length ?? 0) === 5,
    "five joints that were moved",
  );
  await atRest(sim, role);
}

describe("a calibration on a terminal", () => {
  test.each(["leader", "follower"] as const)("of a new %s ends in its servos and its file", async (role) => {
    await using sim = await arms({ motion: "still" });
    await sim.client.request({ do: "motion", arm: role, play: "middle" });
    await atRest(sim, role);
    const middle = await encoders(sim, role);
    await using program = new ProgramOnTerminal(argumentsFor(sim, role));
    await calibrateOnTerminal(program, sim, role);
    expect((await held(sim, role)).every(([offset]) => offset === 0)).toBe(true);
    program.type(ENTER);
    expect(await program.exited()).toBe(0);
    expect(program.has(`${role} "${role}" is calibrated: ${fileOf(sim, role)}`)).toBe(true);
    const calibration = readCalibration(fileOf(sim, role));
    expect(await held(sim, role)).toEqual(inEeprom(calibration));
    // The hand that held it in the middle, and went from end to end, knows what must have come of it.
    for (const [index, joint] of JOINTS.entries()) {
      const { homing_offset, range_min, range_max, drive_mode, id } = calibration[joint];
      expect({ drive_mode, id }).toEqual({ drive_mode: 0, id: index + 1 });
      expect<number>(encoderAt(steps(2047), homing_offset)).toBe(middle[index]!);
      if (joint === "wrist_roll") expect<number[]>([range_min, range_max]).toEqual([0, 4095]);
      else expect(Math.abs((range_min + range_max) / 2 - 2047)).toBeLessThan(10);
    }
  });

  test("shows each joint live, in 80 columns", async () => {
    await using sim = await arms();
    await using program = new ProgramOnTerminal(argumentsFor(sim));
    await program.until(MIDDLE_QUESTION);
    await atRest(sim);
    program.type(ENTER);
    const before = await program.until(SWEEP_HINT);
    expect(before).toMatch(/elbow_flex +2047 +2047 +2047 +·+●·+ +move it/);
    expect(before).not.toContain("wrist_roll  ");
    await sim.client.request({ do: "motion", play: "sweep" });
    const after = await program.until(
      (screen) => /elbow_flex .*━.* moved/.test(screen),
      "a joint that was moved",
    );
    for (const line of after.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    program.type(CTRL_C);
    expect(await program.exited()).toBe(130);
  });

  test("survives a terminal that becomes smaller and larger", async () => {
    await using sim = await arms();
    await using program = new ProgramOnTerminal(argumentsFor(sim));
    await program.until(MIDDLE_QUESTION);
    await atRest(sim);
    program.type(ENTER);
    await program.until(SWEEP_HINT);
    for (const [columns, rows] of [
      [60, 20],
      [100, 30],
      [80, 24],
    ] as const) {
      program.resize(columns, rows);
      await sim.client.request({ do: "motion", play: "sweep" });
      await atRest(sim);
      await program.until(
        (screen) =>
          screen.match(/^elbow_flex/gm)?.length === 1 && screen.match(/min +now +max/g)?.length === 1,
        "one table, once",
      );
    }
    program.type(CTRL_C);
    expect(await program.exited()).toBe(130);
  });

  test("says which joint was not moved, and goes on with it", async () => {
    await using sim = await arms();
    await using program = new ProgramOnTerminal(argumentsFor(sim));
    await program.until(MIDDLE_QUESTION);
    await atRest(sim);
    program.type(ENTER);
    await program.until(SWEEP_HINT);
    program.type(ENTER);
    const asked = await program.until("Go on moving?");
    expect(asked.replace(/\s+/g, " ")).toContain("gripper (id 6) was not moved");
    program.type(ENTER);
    await program.until(SWEEP_HINT);
    await sim.client.request({ do: "motion", play: "sweep" });
    await program.until(
      (screen) => (screen.match(/moved$/gm)?.length ?? 0) === 5,
      "five joints that were moved",
    );
    program.type(ENTER);
    expect(await program.exited()).toBe(0);
  });

  test("uses no colour where none is wanted", async () => {
    await using sim = await arms();
    await using program = new ProgramOnTerminal(argumentsFor(sim), { env: { NO_COLOR: "1" } });
    await program.until(MIDDLE_QUESTION);
    await atRest(sim);
    program.type(ENTER);
    await program.until(SWEEP_HINT);
    program.type(CTRL_C);
    expect(await program.exited()).toBe(130);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours 30 to 37 and 90 to 97
    expect(program.raw).not.toMatch(/\u001b\[(\d+;)*[39][0-7]m/);
  });
});

describe("without a terminal", () => {
  test("nothing is asked with --yes, and the sweep ends when nothing moves any more", async () => {
    await using sim = await arms();
    const { stdout, code, stderr } = await unattended(sim, ["--yes"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain('leader "leader" is calibrated');
    expect(await held(sim)).toEqual(inEeprom(readCalibration(fileOf(sim))));
  });

  test("a program is told each step and the result", async () => {
    await using sim = await arms();
    const { stdout, code } = await unattended(sim, ["--yes", "--json"]);
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.flatMap(({ event, step }) => (event === "step" ? step : []))).toEqual(["middle", "ranges"]);
    expect(events.find(({ event }) => event === "calibrated")).toMatchObject({
      arm: "leader",
      file: fileOf(sim),
      calibration: readCalibration(fileOf(sim)),
    });
  });

  test("it cannot be done without --yes", async () => {
    await using sim = await arms();
    const { code, stderr } = await run([programPath, ...argumentsFor(sim)], { cwd: folder });
    expect(stderr).toContain("run it on a terminal, or give --yes");
    expect(code).toBe(2);
  });
});

/** Calibrates the leader without a person; the hand sweeps when the program says so. */
async function unattended(sim: RunningSim, args: string[], hand: () => Promise<unknown> = sweeping(sim)) {
  await atRest(sim);
  const child = Bun.spawn([programPath, ...argumentsFor(sim), ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  let asked = false;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    stdout += text;
    if (asked || !/from end to end/.test(stdout)) continue;
    asked = true;
    await hand();
  }
  return { stdout, stderr: await stderr, code: await child.exited };
}

const sweeping = (sim: RunningSim) => () => sim.client.request({ do: "motion", play: "sweep" });

/** Moves one joint by hand, to a position that its servo reads now. */
const pushing =
  (sim: RunningSim, joint: JointName, ...positions: number[]) =>
  async () => {
    await sim.client.request({ do: "motion", play: "still" });
    for (const position of positions) {
      await sim.client.request({ do: "push", arm: "leader", joint, position, speed: 1500 });
      await atRest(sim);
    }
  };

describe("what cannot be right is refused, and nothing is changed", () => {
  test("a joint that was not moved", async () => {
    await using sim = await arms();
    const before = await held(sim);
    const { code, stderr } = await unattended(sim, ["--yes", "--sweep-for", "1"], async () => {});
    expect(stderr).toContain(
      "elbow_flex (id 3) was not moved: move it from one end of its range to the other",
    );
    expect(code).toBe(1);
    expect(await held(sim)).toEqual(before);
  });

  test("a joint that passed the seam of its encoder", async () => {
    await using sim = await arms();
    const before = await held(sim);
    const { position } = (await sim.client.request({ do: "state" })).leader.joints.elbow_flex;
    const hand = pushing(sim, "elbow_flex", position + 2500, position);
    const { code, stderr } = await unattended(sim, ["--yes", "--sweep-for", "8"], hand);
    expect(stderr).toContain("elbow_flex (id 3) passed the seam of its encoder");
    expect(code).toBe(1);
    expect(await held(sim)).toEqual(before);
  });

  test("an offset beyond what a servo holds", async () => {
    await using sim = await arms({ motion: "still" });
    await sim.client.request({ do: "push", arm: "leader", joint: "wrist_roll", position: 4095, speed: 3000 });
    const { code, stderr } = await unattended(sim, ["--yes"]);
    expect(stderr).toContain("wrist_roll (id 5) is where its offset would be 2048");
    expect(code).toBe(1);
  });

  test("an arm that is not at rest", async () => {
    await using sim = await arms({ motion: "wave" });
    await using program = new ProgramOnTerminal(argumentsFor(sim));
    await program.until(MIDDLE_QUESTION);
    program.type(ENTER);
    await program.until("hold the arm still");
    await sim.client.request({ do: "motion", play: "middle" });
    await atRest(sim);
    program.type(ENTER);
    await program.until(SWEEP_HINT);
  });
});

describe("whatever ends it before the end leaves the calibration that was there", () => {
  const moments = { "at the middle": MIDDLE_QUESTION, "in the sweep": SWEEP_HINT };
  const ends = {
    "Ctrl-C": async (program: ProgramOnTerminal) => program.type(CTRL_C),
    SIGTERM: async (program: ProgramOnTerminal) => program.kill("SIGTERM"),
    SIGHUP: async (program: ProgramOnTerminal) => program.kill("SIGHUP"),
  };
  for (const [when, text] of Object.entries(moments)) {
    test.each(Object.entries(ends))(`%s ${when}: exit code 130`, async (_, end) => {
      await using sim = await arms({ arms: "calibrated" });
      const before = await held(sim);
      await using program = new ProgramOnTerminal(argumentsFor(sim));
      await program.until(MIDDLE_QUESTION);
      await atRest(sim);
      if (text === SWEEP_HINT) program.type(ENTER);
      await program.until(text);
      await end(program);
      expect(await program.exited()).toBe(130);
      expect(program.has("the calibration is as it was")).toBe(true);
      expect(program.raw.lastIndexOf("\u001b[?25h")).toBeGreaterThanOrEqual(
        program.raw.lastIndexOf("\u001b[?25l"),
      );
      expect(await held(sim)).toEqual(before);
      expect<unknown>(inEeprom(readCalibration(fileOf(sim)))).toEqual(before);
    });
  }

  test.each([
    ["a pulled cable", { do: "pull", arm: "leader" }, "went away"],
    ["a loss of the arm's power", { do: "power", arm: "leader", on: false }, "no answer from"],
  ] as const)("%s in the sweep: exit code 1", async (_, request, said) => {
    await using sim = await arms({ arms: "calibrated" });
    const before = await held(sim);
    await using program = new ProgramOnTerminal(argumentsFor(sim));
    await program.until(MIDDLE_QUESTION);
    await atRest(sim);
    program.type(ENTER);
    await program.until(SWEEP_HINT);
    await sim.client.request(request);
    expect(await program.exited()).toBe(1);
    expect(program.has(said)).toBe(true);
    expect(program.has("calibration is as it was")).toBe(true);
    expect(await held(sim)).toEqual(before);
  });
});

test("one joint is calibrated again, and the others stay as they were", async () => {
  await using sim = await arms({ arms: "calibrated" });
  const before = readCalibration(fileOf(sim));
  // A new servo: as from the factory, but for its id.
  const values = { homing_offset: 0, min_position_limit: 0, max_position_limit: 4095 };
  await sim.client.request({ do: "registers", arm: "leader", joint: "gripper", values });
  const { code, stderr } = await unattended(sim, ["--yes", "--joint", "gripper"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const after = readCalibration(fileOf(sim));
  expect({ ...after, gripper: before.gripper }).toEqual(before);
  expect(after.gripper.range_max - after.gripper.range_min).toBeGreaterThan(1000);
  expect(await held(sim)).toEqual(inEeprom(after));
  expect(await readdir(join(fileOf(sim), ".."))).toContain("leader.json.old");
});

describe("bad input", () => {
  test("an arm without power is said as such", async () => {
    await using sim = await arms();
    await sim.client.request({ do: "power", arm: "leader", on: false });
    const { code, stderr } = await run([programPath, ...argumentsFor(sim), "--yes"], { cwd: folder });
    expect(stderr).toContain(
      `there is a board at ${sim.paths.leader}, but no servo answers — switch the arm's power on`,
    );
    expect(code).toBe(1);
  });

  test("two servos with one id are said as such", async () => {
    await using sim = await arms();
    await sim.client.request({ do: "registers", arm: "leader", joint: "wrist_flex", values: { id: 3 } });
    const { code, stderr } = await run([programPath, ...argumentsFor(sim), "--yes"], { cwd: folder });
    expect(stderr).toContain(
      "the replies of elbow_flex (id 3) arrive damaged, and wrist_flex (id 4) does not answer",
    );
    expect(stderr).toContain("two servos probably have one id");
    expect(code).toBe(1);
  });

  test("the other arm of the pair is noticed by the calibration that it holds", async () => {
    await using sim = await arms({ arms: "calibrated" });
    const args = ["calibrate", "leader", "--port", sim.paths.follower, "--id", "leader"];
    const { code, stderr } = await run(
      [programPath, ...args, "--calibration-dir", sim.paths.calibration, "--yes"],
      { cwd: folder },
    );
    expect(stderr).toContain("not taken for the leader");
    expect(code).toBe(1);
  });

  test("a port that is not there", async () => {
    const args = [
      "calibrate",
      "leader",
      "--port",
      "/dev/ttyNOWHERE",
      "--id",
      "a",
      "--calibration-dir",
      folder,
    ];
    const { code, stderr } = await run([programPath, ...args, "--yes"], { cwd: folder });
    expect(stderr).toContain("/dev/ttyNOWHERE is not there — plug in the arm's USB board");
    expect(code).toBe(1);
  });

  test("a folder that is not one is said before the arm is asked for", async () => {
    const file = join(folder, "file");
    await Bun.write(file, "");
    const args = ["calibrate", "leader", "--port", "/dev/ttyNOWHERE", "--id", "a", "--calibration-dir", file];
    const { code, stderr } = await run([programPath, ...args, "--yes"], { cwd: folder });
    expect(stderr).toContain(`${file}: not a folder, but a file`);
    expect(code).toBe(1);
  });

  needing(MOUNTING).test("a full disk is said before anything is measured", async () => {
    const disk = join(folder, "disk");
    await mkdir(disk);
    expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk]).exitCode).toBe(0);
    try {
      await Bun.write(join(disk, "fill"), "x".repeat(16_384)).catch(() => {});
      const args = [
        "calibrate",
        "leader",
        "--port",
        "/dev/ttyNOWHERE",
        "--id",
        "a",
        "--calibration-dir",
        disk,
      ];
      const { code, stderr } = await run([programPath, ...args, "--yes"], { cwd: folder });
      expect(stderr).toMatch(/the disk is full|no space left/i);
      expect(code).toBe(1);
    } finally {
      Bun.spawnSync(["umount", disk]);
    }
  });

  test.each([
    [["calibrate"], "missing required argument"],
    [["calibrate", "arm"], "Allowed choices are leader, follower"],
    [["calibrate", "leader", "--joint", "elbow"], "Allowed choices are shoulder_pan"],
    [["calibrate", "leader", "--sweep-for", "0"], "more than 0"],
    [["calibrate", "leader", "--port", "/dev/a", "--id", "../x"], "cannot be a path"],
    [["calibrate", "leader", "--pair", "none"], "there is no configuration file"],
  ])("wrong usage ends with exit code 2: %p", async (args, expected) => {
    const { code, stderr } = await run([programPath, ...args], { cwd: folder });
    expect(stderr).toContain(expected);
    expect(code).toBe(2);
  });
});
