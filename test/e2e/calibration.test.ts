import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readCalibration } from "../../src/arm/calibration/files/file.ts";
import { JOINTS, ROLES, type Role } from "../../src/arm/joints.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { programPath, run } from "../support/program.ts";
import { atRest, checkedArms, fileOf, held, inEeprom, optionsFor } from "../support/simulated-arms.ts";
import { armArguments } from "../support/teleoperation.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(120_000);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "so101-calibration-"));
});
afterAll(() => rm(folder, { recursive: true }));

const arms = () => checkedArms({ arms: "calibrated", motion: "still" });

/** Runs `so101 calibration VERB ROLE` on a simulated arm. */
function calibration(sim: RunningSim, verb: string, role: Role = "leader", ...more: string[]) {
  return run([programPath, "calibration", verb, role, ...optionsFor(sim, role), ...more], { cwd: folder });
}

const change = (sim: RunningSim) =>
  sim.client.request({
    do: "registers",
    arm: "leader",
    joint: "elbow_flex",
    values: { homing_offset: -5, max_position_limit: 3000 },
  });

describe("show", () => {
  test("has file and servos side by side, and marks what differs", async () => {
    await using sim = await arms();
    const same = await calibration(sim, "show");
    expect(same.stdout).toMatch(/elbow_flex +-1281 +-1281 +905 +905 +3118 +3118 +0/);
    expect(same.stdout).toContain("File and servos agree.");
    expect(same.code).toBe(0);
    await change(sim);
    const { stdout, code } = await calibration(sim, "show");
    expect(stdout).toMatch(/elbow_flex +-1281 +-5 ≠ +905 +905 +3118 +3000 ≠ +0/);
    for (const line of stdout.split("\n").slice(1)) expect(line.length).toBeLessThanOrEqual(80);
    expect(code).toBe(0);
  });

  test("tells a program each difference", async () => {
    await using sim = await arms();
    await change(sim);
    const { stdout } = await calibration(sim, "show", "leader", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      event: "calibration",
      filed: { elbow_flex: { homing_offset: -1281 } },
      held: { elbow_flex: { homing_offset: -5 } },
      differences: [
        { joint: "elbow_flex", key: "homing_offset", file: -1281, servo: -5 },
        { joint: "elbow_flex", key: "range_max", file: 3118, servo: 3000 },
      ],
    });
  });

  test("without the arm shows the file, without a file the servos, and says what is missing", async () => {
    await using sim = await arms();
    await sim.client.request({ do: "pull", arm: "leader" });
    const armless = await calibration(sim, "show");
    expect(armless.stdout).toMatch(/elbow_flex +-1281 +–/);
    expect(armless.stdout).toContain("plug in the arm's USB board");
    expect(armless.code).toBe(1);
    await rm(fileOf(sim, "follower"));
    const fileless = await calibration(sim, "show", "follower");
    expect(fileless.stdout).toMatch(/elbow_flex +– +1019/);
    expect(fileless.stdout).toContain("no calibration; looked for");
    expect(fileless.code).toBe(1);
  });
});

describe("check", () => {
  test("says before teleoperation does what that would object to", async () => {
    await using sim = await arms();
    expect(await calibration(sim, "check")).toMatchObject({
      code: 0,
      stdout: 'leader "leader" can be used.\n',
    });
    await change(sim);
    const { code, stdout } = await calibration(sim, "check");
    expect(stdout).toContain('fault: leader "leader": its servos do not hold the calibration of its file');
    expect(code).toBe(1);
  });

  test("of both arms at once, each against the other", async () => {
    await using sim = await arms();
    const config = join(folder, "both.toml");
    const section = (role: Role, port: string) => `[${role}]\nport = "${port}"\nid = "${role}"\n`;
    const text = (leader: string, follower: string) =>
      `calibration_dir = "${sim.paths.calibration}"\n${section("leader", leader)}${section("follower", follower)}`;
    await writeFile(config, text(sim.paths.leader, sim.paths.follower));
    const check = () => run([programPath, "calibration", "check", "--config", config], { cwd: folder });
    expect(await check()).toMatchObject({ code: 0 });
    await writeFile(config, text(sim.paths.follower, sim.paths.leader));
    const swapped = await check();
    expect(swapped.stdout).toContain('leader "leader": the arm on its port is the follower "follower"');
    expect(swapped.code).toBe(1);
  });
});

describe("compare", () => {
  /** Hands put both arms at a share of each joint's range, the follower's elsewhere where that is told. */
  async function pose(sim: RunningSim, share: number, others: { readonly [joint: string]: number } = {}) {
    for (const role of ROLES) {
      const calibrated = readCalibration(fileOf(sim, role));
      for (const joint of JOINTS) {
        const { range_min: min, range_max: max } = calibrated[joint];
        const own = role === "follower" ? (others[joint] ?? share) : share;
        const position = Math.round(min + own * (max - min));
        await sim.client.request({ do: "push", arm: role, joint, position, speed: 4000 });
      }
    }
  }

  async function compared(sim: RunningSim, others: (share: number) => { readonly [joint: string]: number }) {
    await pose(sim, 0.3, others(0.3));
    for (const role of ROLES) await atRest(sim, role);
    const { leader, follower, calibration: root } = sim.paths;
    const options = [
      ...["--leader", leader, "--follower", follower, "--leader-id", "leader", "--follower-id", "follower"],
      ...["--calibration-dir", root, "--yes", "--json"],
    ];
    const child = Bun.spawn([programPath, "calibration", "compare", ...options], { cwd: folder });
    let text = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      if (!text.includes("second pose") && `${text}${chunk}`.includes("second pose")) {
        await pose(sim, 0.6, others(0.6));
      }
      text += chunk;
    }
    const events = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    return { code: await child.exited, events, text };
  }

  test("arms that agree end it with 0", async () => {
    await using sim = await arms();
    const { code, events } = await compared(sim, () => ({}));
    expect(events.find(({ event }) => event === "compared").joints).toMatchObject(
      JOINTS.map((joint) => ({ joint, agreement: "agrees" })),
    );
    expect(code).toBe(0);
  });

  test("a joint that is offset and one that turns the other way are named with their cures, and end it with 1", async () => {
    await using sim = await arms();
    const { code, text } = await compared(sim, (share) => ({ wrist_flex: share + 0.1, gripper: 1 - share }));
    expect(text).toContain("wrist_flex (id 4) of the two arms is apart by 21° in both poses");
    expect(text).toContain(
      "gripper (id 6) of the two arms is apart by 52° in the first pose and 26° in the second",
    );
    expect(text).toContain("so101 calibrate follower --joint wrist_flex --port ");
    expect(code).toBe(1);
  });
});

describe("pull", () => {
  test("brings a lost file back, as it was to the byte", async () => {
    await using sim = await arms();
    const before = await readFile(fileOf(sim), "utf8");
    await rm(fileOf(sim));
    expect(await calibration(sim, "pull")).toMatchObject({ code: 0 });
    expect(await readFile(fileOf(sim), "utf8")).toBe(before);
  });

  test("replaces a file that differs after a yes only, keeps it, and keeps which way a joint counts", async () => {
    await using sim = await arms();
    const file = fileOf(sim);
    const inverted = readCalibration(file);
    await writeFile(file, JSON.stringify({ ...inverted, gripper: { ...inverted.gripper, drive_mode: 1 } }));
    const before = await readFile(file, "utf8");
    await change(sim);
    const refused = await calibration(sim, "pull");
    expect(refused.stderr).toContain("give --yes");
    expect(refused.code).toBe(2);
    expect(await readFile(file, "utf8")).toBe(before);
    expect(await calibration(sim, "pull", "leader", "--yes")).toMatchObject({ code: 0 });
    expect(readCalibration(file)).toMatchObject({
      elbow_flex: { homing_offset: -5 },
      gripper: { drive_mode: 1 },
    });
    expect(await readFile(`${file}.old`, "utf8")).toBe(before);
    expect(await held(sim)).toEqual(inEeprom(readCalibration(file)));
  });

  test("refuses an arm that was never calibrated, one that holds nonsense, and the other arm", async () => {
    await using sim = await arms();
    const before = await readFile(fileOf(sim), "utf8");
    const other = ["--port", sim.paths.follower];
    const wrong = await calibration(sim, "pull", "leader", "--yes", ...other);
    expect(wrong.stdout).toContain('holds the calibration of follower "follower"');
    expect(wrong).toMatchObject({ code: 1 });
    const values = { homing_offset: 0, min_position_limit: 0, max_position_limit: 4095 };
    await sim.client.request({ do: "registers", arm: "leader", values });
    const fresh = await calibration(sim, "pull", "leader", "--yes");
    expect(fresh.stderr).toContain("it was never calibrated — its file ");
    expect(fresh.stderr).toContain(`or run "so101 calibrate leader --port ${sim.paths.leader} --id leader`);
    expect(fresh.code).toBe(1);
    const nonsense = { min_position_limit: 900, max_position_limit: 900 };
    await sim.client.request({ do: "registers", arm: "leader", joint: "gripper", values: nonsense });
    const unusable = await calibration(sim, "pull", "leader", "--yes");
    expect(unusable.stderr).toContain("gripper (id 6) has homing_offset 0, range 900 to 900");
    expect(unusable.code).toBe(1);
    expect(await readFile(fileOf(sim), "utf8")).toBe(before);
  });

  test("refuses what LeRobot leaves that is cancelled after the middle; apply puts the good file back", async () => {
    await using sim = await arms();
    const file = await readFile(fileOf(sim), "utf8");
    const values = { homing_offset: 33, min_position_limit: 0, max_position_limit: 4095 };
    await sim.client.request({ do: "registers", arm: "leader", values });
    const pulled = await calibration(sim, "pull", "leader", "--yes");
    expect(pulled.stderr).toContain("which is what a calibration with LeRobot leaves that was cancelled");
    expect(pulled.stderr).toContain('write it into the arm with "so101 calibration apply leader');
    expect(pulled.code).toBe(1);
    expect(await readFile(fileOf(sim), "utf8")).toBe(file);
    const checked = await calibration(sim, "check");
    expect(checked.stdout).toContain('recommended: "so101 calibration apply leader');
    expect(checked.code).toBe(1);
    expect(await calibration(sim, "apply", "leader", "--yes")).toMatchObject({ code: 0 });
    expect(await calibration(sim, "check")).toMatchObject({ code: 0 });
  });

  test("what cannot be a calibration is not teleoperated, though file and servos hold the same", async () => {
    await using sim = await arms();
    const gripper = { min_position_limit: 0, max_position_limit: 4095 };
    await sim.client.request({ do: "registers", arm: "leader", joint: "gripper", values: gripper });
    const filed = JSON.parse(await readFile(fileOf(sim), "utf8"));
    Object.assign(filed.gripper, { range_min: 0, range_max: 4095 });
    await writeFile(fileOf(sim), JSON.stringify(filed, null, 4));
    const checked = await calibration(sim, "check");
    expect(checked.stdout).toContain("it cannot be a calibration: gripper: its range, 0 to 4095");
    expect(checked.stdout).toContain('calibrate gripper again with "so101 calibrate leader --joint gripper');
    expect(checked.stdout).not.toContain("calibration pull");
    const { stdout } = await run(
      [programPath, "teleoperate", "--json", ...armArguments(sim), "--duration", "3"],
      { cwd: folder },
    );
    expect(stdout).toContain("it cannot be a calibration: gripper");
    expect(stdout).not.toContain('"to":"aligning"');
  });
});

describe("apply", () => {
  test("writes what differs, and nothing else", async () => {
    await using sim = await arms();
    await change(sim);
    const { stdout, code } = await calibration(sim, "apply", "leader", "--yes");
    expect(stdout).toContain("elbow_flex (id 3): homing_offset -5 → -1281, range_max 3000 → 3118");
    expect(stdout).toContain("2 registers written");
    expect(code).toBe(0);
    expect(await held(sim)).toEqual(inEeprom(readCalibration(fileOf(sim))));
    const again = await calibration(sim, "apply", "leader");
    expect(again.stdout).toContain("hold the file's calibration already");
    const { joints } = (await sim.client.request({ do: "state" })).leader;
    expect(joints.elbow_flex.wear.reduce((a, b) => a + b, 0)).toBe(4);
    expect(joints.gripper.wear.every((times) => times === 0)).toBe(true);
  });

  test("refuses to make the other arm of the pair into this one", async () => {
    await using sim = await arms();
    const before = await held(sim, "follower");
    const { code } = await calibration(sim, "apply", "leader", "--yes", "--port", sim.paths.follower);
    expect(code).toBe(1);
    expect(await held(sim, "follower")).toEqual(before);
  });
});

describe("show of a file", () => {
  test("needs neither an arm nor a configuration, and says why it cannot be a calibration", async () => {
    const file = (name: string) => join(import.meta.dir, `../fixtures/calibrations/${name}.json`);
    const show = (name: string) => run([programPath, "calibration", "show", file(name)], { cwd: folder });
    const good = await show("extra-key");
    expect(good.stdout).toMatch(/gripper +-898 +– +815 +– +3225 +– +0/);
    expect(good.stdout).toContain('"joint_name" in ');
    expect(good.code).toBe(0);
    const never = await show("never-swept");
    expect(never.stdout).toContain("it is a placeholder");
    expect(never.code).toBe(1);
  });
});

describe("import and export, without a port", () => {
  test.each(["so101_follower", "so_follower"])(
    "take LeRobot's file from %s, and give it back",
    async (generation) => {
      await using sim = await arms();
      const lerobot = join(folder, generation);
      await mkdir(join(lerobot, "robots", generation), { recursive: true });
      const source = join(lerobot, "robots", generation, "my_arm.json");
      const swept = readCalibration(fileOf(sim, "follower"));
      const theirs = { ...swept, wrist_roll: { ...swept.wrist_roll, range_min: 140, drive_mode: 1 } };
      await writeFile(source, JSON.stringify(theirs, null, 4));
      const own = ["--id", "red", "--calibration-dir", join(folder, `own-${generation}`)];
      const imported = await run([programPath, "calibration", "import", "follower", lerobot, ...own], {
        cwd: folder,
      });
      expect(imported.stdout).toContain(source);
      expect(imported.code).toBe(0);
      const kept = join(folder, `own-${generation}`, "robots/so101_follower/red.json");
      expect(await readFile(kept, "utf8")).toBe(await readFile(source, "utf8"));
      const back = join(folder, `back-${generation}`);
      expect(
        await run([programPath, "calibration", "export", "follower", back, ...own], { cwd: folder }),
      ).toMatchObject({ code: 0 });
      for (const name of ["so101_follower", "so_follower"]) {
        expect(readCalibration(join(back, "robots", name, "red.json"))).toEqual(readCalibration(source));
      }
    },
  );

  test("of LeRobot's own folder, unless another is named", async () => {
    await using sim = await arms();
    const own = ["--id", "leader", "--calibration-dir", join(folder, "own")];
    const env = { HF_LEROBOT_CALIBRATION: sim.paths.calibration };
    const { code } = await run([programPath, "calibration", "import", "leader", ...own], {
      cwd: folder,
      env,
    });
    expect(code).toBe(0);
    expect(readCalibration(join(folder, "own/teleoperators/so101_leader/leader.json"))).toEqual(
      readCalibration(fileOf(sim)),
    );
  });

  test("with several to choose from each is named with its command", async () => {
    await using sim = await arms();
    await cp(fileOf(sim), join(dirname(fileOf(sim)), "second.json"));
    const own = ["--id", "blue", "--calibration-dir", join(folder, "none")];
    const { stderr, code } = await run(
      [programPath, "calibration", "import", "leader", sim.paths.calibration, ...own],
      { cwd: folder },
    );
    expect(stderr).toContain(`so101 calibration import leader ${fileOf(sim)}`);
    expect(stderr).toContain("second.json");
    expect(code).toBe(1);
  });

  test.each([
    ["not there", undefined, "is not there — name the root"],
    ["of the old format", '{"homing_offset": [0], "drive_mode": [0], "start_pos": [0]}', "before June 2025"],
    ["cut off", '{"shoulder_pan": {', "not JSON"],
  ])("a file that is %s is refused, and ours stays", async (_, text, said) => {
    const source = join(folder, "source.json");
    await rm(source, { force: true });
    if (text !== undefined) await writeFile(source, text);
    const own = ["--id", "blue", "--calibration-dir", join(folder, "ours")];
    const { stderr, code } = await run([programPath, "calibration", "import", "leader", source, ...own], {
      cwd: folder,
    });
    expect(stderr).toContain(said);
    expect(code).toBe(1);
  });

  test("- prints the file", async () => {
    await using sim = await arms();
    const { stdout } = await run(
      [programPath, "calibration", "export", "leader", "-", ...optionsFor(sim, "leader")],
      { cwd: folder },
    );
    expect(JSON.parse(stdout)).toEqual(readCalibration(fileOf(sim)));
  });
});

describe("killed while it writes to the servos", () => {
  /** Applies the file on a slow line, and kills the program once so many registers were written. */
  async function killedAfter(sim: RunningSim, writes: number): Promise<void> {
    const child = Bun.spawn(
      [programPath, "calibration", "apply", "leader", ...optionsFor(sim, "leader"), "--yes"],
      { stdout: "ignore", stderr: "ignore" },
    );
    const written = async () => {
      await sim.client.request({ do: "sync" });
      return (await recordEntries(sim.paths.record)).filter(
        (entry) => entry.kind === "event" && entry.event === "eeprom",
      ).length;
    };
    while (child.exitCode === null && (await written()) < writes);
    child.kill("SIGKILL");
    await child.exited;
  }

  test.each([1, 4, 9, 14, 17])(
    "after %i registers: never teleoperated so, and finish and undo make it whole",
    async (writes) => {
      await using sim = await checkedArms({ arms: "calibrated", motion: "still", usbDelayUs: 10_000 });
      const before = await held(sim);
      // Another calibration for the same arm: every register of it differs.
      const file = readCalibration(fileOf(sim));
      const other = Object.fromEntries(
        Object.entries(file).map(([joint, own]) => [
          joint,
          {
            ...own,
            homing_offset: own.homing_offset + 10,
            range_min: own.range_min + 10,
            range_max: own.range_max - 10,
          },
        ]),
      );
      await writeFile(fileOf(sim), JSON.stringify(other, null, 4));
      await killedAfter(sim, writes);
      const { stdout } = await run(
        [programPath, "teleoperate", "--json", ...armArguments(sim), "--duration", "3"],
        { cwd: folder },
      );
      expect(stdout).toContain("so101 calibration undo leader");
      expect(stdout).not.toContain('"to":"aligning"');
      const pulled = await calibration(sim, "pull", "leader", "--yes");
      expect(pulled.stderr).toContain("so101 calibration finish leader");
      const finishes = writes % 2 === 0;
      expect(await calibration(sim, finishes ? "finish" : "undo", "leader", "--yes")).toMatchObject({
        code: 0,
      });
      const whole = finishes ? inEeprom(readCalibration(fileOf(sim))) : before;
      expect(await held(sim)).toEqual(whole);
      expect((await readdir(dirname(fileOf(sim)))).filter((name) => name.includes("unfinished"))).toEqual([]);
      const settled = await calibration(sim, "finish");
      expect(settled.stdout).toContain("there is nothing to finish");
    },
  );
});

test("on a terminal a file is replaced once the person says so", async () => {
  await using sim = await arms();
  await change(sim);
  await using program = new ProgramOnTerminal([
    "calibration",
    "pull",
    "leader",
    ...optionsFor(sim, "leader"),
  ]);
  await program.until("Replace it by");
  program.type("n");
  expect(await program.exited()).toBe(130);
  expect(program.has("the file is as it was")).toBe(true);
  expect<number>(readCalibration(fileOf(sim)).elbow_flex.homing_offset).toBe(-1281);
});
