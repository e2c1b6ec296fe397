import { afterEach, beforeEach, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readCalibration } from "../../../src/arm/calibration/files/file.ts";
import type { NormalisationMode } from "../../../src/arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../../src/arm/calibration/store.ts";
import type { Role } from "../../../src/arm/joints.ts";
import type { Audience } from "../../../src/messages/audience.ts";
import { exportCalibration } from "../../../src/workflows/calibration/export.ts";
import { importCalibration } from "../../../src/workflows/calibration/import.ts";
import { calibrations } from "../../arm/arms.ts";
import { ScriptedOperator } from "../../support/scripted-operator.ts";

/** Files and trees as people have them. */
const cases = join(import.meta.dir, "../../fixtures/calibrations");
const good = readCalibration(join(cases, "good.json"));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "so101-import-"));
});
afterEach(() => rmSync(root, { recursive: true }));

interface Imported {
  readonly role?: Role;
  readonly id?: string;
  readonly normalisation?: NormalisationMode;
  readonly audience?: Audience;
}

/** Imports for a follower without a port, and says what was heard. */
async function imported(from: string, { role = "follower", id = "red", ...given }: Imported = {}) {
  const operator = new ScriptedOperator({ audience: given.audience ?? {} });
  const arm = { role, id, calibrationDir: join(root, "own"), normalisation: given.normalisation };
  await importCalibration(arm, from, operator);
  return {
    heard: operator.heard.join("\n"),
    asked: operator.asked,
    kept: new CalibrationStore(join(root, "own")).load({ role, id }),
  };
}

const put = (id: string, folder: string, calibration = calibrations.follower) => {
  const path = join(root, "theirs", folder, `${id}.json`);
  mkdirSync(dirname(path), { recursive: true });
  new CalibrationStore(join(root, "made")).save({ role: "follower", id: "any" }, calibration);
  cpSync(join(root, "made/robots/so101_follower/any.json"), path);
  return path;
};
const theirs = () => join(root, "theirs");

test("an SO-100's folders are LeRobot's too", async () => {
  const follower = await imported(join(cases, "so100-tree"));
  expect(follower.heard).toContain("so100_follower/my_follower_arm.json");
  expect(follower.kept).toEqual(good);
  expect((await imported(join(cases, "so100-tree"), { role: "leader" })).kept).toEqual(good);
});

test("two generations of one file that differ in line ends only are one, and the newer is said", async () => {
  const { heard, kept } = await imported(join(cases, "two-generations-tree"), { id: "b" });
  expect(heard).toContain("so_follower/b.json");
  expect(kept).toEqual(good);
});

test("files of one id that differ are each named, with the command that takes it", async () => {
  const older = put("red", "robots/so101_follower");
  const other = put("red", "robots/so100_follower", calibrations.leader);
  await expect(imported(theirs())).rejects.toThrow(
    `differ — say which:\n  so101 calibration import follower ${older}\n  so101 calibration import follower ${other}`,
  );
});

test("the arms of a robot with two are found by LeRobot's id, and by the pair's side", async () => {
  const tree = join(cases, "bimanual-tree");
  expect((await imported(tree, { id: "bench_right" })).heard).toContain("bench_right.json");
  const left = { audience: { pair: "left" } };
  expect((await imported(tree, { id: "bench", ...left })).heard).toContain("bench_left.json");
  expect((await imported(tree, { id: "left-follower", ...left })).heard).toContain("bench_left.json");
});

test("without either it is said that they are two arms, though they may hold the same", async () => {
  const tree = join(cases, "bimanual-tree");
  await expect(imported(tree)).rejects.toThrow(
    "is of that id (bench_left and bench_right are the two arms of the robot bench) — say which:\n" +
      `  so101 calibration import follower ${tree}/robots/so_follower/bench_left.json\n`,
  );
});

test("LeRobot's newer folders are of a LeRobot that works in degrees: that is said, with how to have it here", async () => {
  put("red", "robots/so_follower");
  const said = 'set normalisation = "degrees" under [teleoperation] in ';
  expect((await imported(theirs())).heard).toContain(`${said}/etc/so101-teleop/config.toml`);
  const left = { pair: "left" };
  expect((await imported(theirs(), { audience: left })).heard).toContain(
    `${said}/etc/so101-teleop/left.toml`,
  );
  const file = join(theirs(), "robots/so_follower/red.json");
  expect((await imported(file)).heard).toContain(said);
});

test("it is not said where degrees are configured, of an older folder, or of a tree of ours", async () => {
  const file = put("red", "robots/so_follower");
  expect((await imported(file, { normalisation: "degrees" })).heard).not.toContain("degrees");
  rmSync(dirname(file), { recursive: true });
  put("red", "robots/so101_follower");
  symlinkSync("so101_follower", join(theirs(), "robots/so_follower"));
  const { heard } = await imported(theirs());
  expect(heard).toContain("so101_follower/red.json");
  expect(heard).not.toContain("degrees");
});

test("a key that is no calibration's is left out, and said", async () => {
  const { heard, kept } = await imported(join(cases, "extra-key.json"));
  expect(heard).toContain('warning: follower "red": "joint_name" in ');
  expect(kept).toEqual(good);
});

test("the same calibration in other characters replaces nothing that is kept", async () => {
  const arm = { role: "follower", id: "red" } as const;
  const own = new CalibrationStore(join(root, "own"));
  own.save(arm, calibrations.follower);
  const { path } = own.save(arm, good);
  cpSync(join(cases, "mark-and-crlf.json"), path);
  const { asked } = await imported(join(cases, "good.json"));
  expect(asked).toEqual([]);
  expect(readCalibration(`${path}.old`)).toEqual(calibrations.follower);
});

for (const name of ["never-swept", "cancelled-after-the-middle", "one-joint-never-swept", "utf-16"]) {
  test(`${name} is refused, and what is there stays`, async () => {
    await expect(imported(join(cases, `${name}.json`))).rejects.toThrow(name);
    expect(existsSync(join(root, "own"))).toBe(false);
  });
}

test("an export for an SO-100 is found by either generation of LeRobot", async () => {
  new CalibrationStore(join(root, "own")).save({ role: "follower", id: "bench_left" }, good);
  const arm = { role: "follower", id: "bench_left", calibrationDir: join(root, "own") } as const;
  await exportCalibration(arm, theirs(), { model: "so100" }, new ScriptedOperator());
  expect(readCalibration(join(theirs(), "robots/so100_follower/bench_left.json"))).toEqual(good);
  expect(readlinkSync(join(theirs(), "robots/so_follower"))).toBe("so100_follower");
  await exportCalibration(arm, theirs(), { model: "so101" }, new ScriptedOperator());
  expect(readCalibration(join(theirs(), "robots/so101_follower/bench_left.json"))).toEqual(good);
});

test("an arm of a robot with two is exported by LeRobot's id of it", async () => {
  new CalibrationStore(join(root, "own")).save({ role: "follower", id: "left-follower" }, good);
  const arm = { role: "follower", id: "left-follower", calibrationDir: join(root, "own") } as const;
  await exportCalibration(arm, theirs(), { model: "so101", id: "bench_left" }, new ScriptedOperator());
  expect(readCalibration(join(theirs(), "robots/so_follower/bench_left.json"))).toEqual(good);
});
