import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { formatCalibration } from "../../../src/arm/calibration/calibration.ts";
import { CalibrationError } from "../../../src/arm/calibration/error.ts";
import { readCalibration } from "../../../src/arm/calibration/files/file.ts";
import { CalibrationStore } from "../../../src/arm/calibration/store.ts";
import { armIdProblem } from "../../../src/arm/calibration/tree.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { steps } from "../../../src/feetech/units.ts";
import { thrown } from "../../support/thrown.ts";
import { calibrations } from "../arms.ts";

let root: string;
let store: CalibrationStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "so101-store-"));
  store = new CalibrationStore(root);
});
afterEach(() => rmSync(root, { recursive: true }));

const put = (path: string, calibration = calibrations.follower): string => {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, formatCalibration(calibration));
  return whole;
};

const caught = (action: () => unknown) => thrown(CalibrationError, action);

test("an arm's file is found by either generation's name", () => {
  const older = put("robots/so101_follower/red.json");
  const newer = put("teleoperators/so_leader/blue.json", calibrations.leader);
  expect(store.find({ role: "follower", id: "red" })).toBe(older);
  expect(store.find({ role: "leader", id: "blue" })).toBe(newer);
  expect(store.load({ role: "leader", id: "blue" })).toEqual(calibrations.leader);
});

test("the same file by both names is one calibration, as two equal files are", () => {
  const older = put("robots/so101_follower/red.json");
  symlinkSync("so101_follower", join(root, "robots/so_follower"));
  expect(store.find({ role: "follower", id: "red" })).toBe(older);
  rmSync(join(root, "robots/so_follower"));
  cpSync(join(root, "robots/so101_follower"), join(root, "robots/so_follower"), { recursive: true });
  expect(store.find({ role: "follower", id: "red" })).toBe(older);
});

test("two files that differ are refused, both by name", () => {
  const older = put("robots/so101_follower/red.json");
  const newer = put("robots/so_follower/red.json", calibrations.leader);
  const error = caught(() => store.find({ role: "follower", id: "red" }));
  expect(error.trouble).toBe("ambiguous");
  expect(error.problem).toMatchObject({
    code: "calibration.missing",
    arm: { role: "follower", id: "red" },
    kind: "ambiguous",
    files: [older, newer],
  });
});

test("without a file it is said where it was looked for and how to get one", () => {
  put("teleoperators/so101_leader/red.json"); // the other role's is not taken
  const error = caught(() => store.find({ role: "follower", id: "red" }));
  expect(error.trouble).toBe("missing");
  expect(error.problem).toMatchObject({
    code: "calibration.missing",
    arm: { role: "follower", id: "red" },
    files: [`${root}/robots/so101_follower/red.json`, `${root}/robots/so_follower/red.json`],
    remedies: [{ do: "calibrate" }, { do: "calibration import" }, { do: "calibration pull" }],
  });
});

test("two files that differ, of which one cannot be a calibration: that one is named", () => {
  put("robots/so101_follower/red.json");
  const wholeTurn = { range_min: steps(0), range_max: steps(4095) };
  const newer = put("robots/so_follower/red.json", {
    ...calibrations.follower,
    gripper: { ...calibrations.follower.gripper, ...wholeTurn },
  });
  const error = caught(() => store.find({ role: "follower", id: "red" }));
  expect(error.problem).toMatchObject({ kind: "ambiguous", unusable: newer });
});

test("a file with one joint that was never swept is one for calibrating that joint, and for nothing else", () => {
  const { leader } = calibrations;
  const gripper = { ...leader.gripper, range_min: steps(0), range_max: steps(4095) };
  put("teleoperators/so101_leader/blue.json", { ...leader, gripper });
  const arm = { role: "leader", id: "blue" } as const;
  const others = JOINTS.filter((joint) => joint !== "gripper");
  expect(store.tryLoad(arm, others)).toEqual({ ...leader, gripper });
  expect(store.tryLoad(arm)).toBeInstanceOf(CalibrationError);
  expect(store.tryLoad(arm, ["gripper"])).toBeInstanceOf(CalibrationError);
});

test("a file tells when it was written, and what it has replaced", () => {
  const arm = { role: "follower", id: "red" } as const;
  expect(store.fileOf(arm)).toBeUndefined();
  store.save(arm, calibrations.leader);
  const { path } = store.save(arm, calibrations.follower);
  expect(store.fileOf(arm)).toEqual({
    path,
    writtenAtMs: statSync(path).mtimeMs,
    old: { path: `${path}.old`, calibration: calibrations.leader },
  });
  writeFileSync(`${path}.old`, "{}");
  expect(store.fileOf(arm)?.old).toBeUndefined();
});

test("a saved calibration is found by both generations of LeRobot, through a relative link", () => {
  for (const role of ["leader", "follower"] as const) {
    const { path } = new CalibrationStore(join(root, "new")).save({ role, id: "me" }, calibrations[role]);
    const newer = path.replace(`so101_${role}`, `so_${role}`);
    expect(readCalibration(path)).toEqual(calibrations[role]);
    expect(readCalibration(newer)).toEqual(calibrations[role]);
    expect(readlinkSync(dirname(newer))).toBe(`so101_${role}`);
    expect(new CalibrationStore(join(root, "new")).find({ role, id: "me" })).toBe(path);
  }
});

test("where the newer name is a folder of its own, it gets the calibration too", () => {
  const newer = put("robots/so_follower/red.json", calibrations.leader);
  const { path: older } = store.save({ role: "follower", id: "red" }, calibrations.follower);
  expect(readCalibration(newer)).toEqual(calibrations.follower);
  expect(readCalibration(older)).toEqual(calibrations.follower);
  expect(store.find({ role: "follower", id: "red" })).toBe(older);
});

test.each([
  ["so_follower", "so101_follower", "so101_follower"],
  ["so_follower", "./so101_follower", "so101_follower"],
  ["so_follower", "WHOLE/so101_follower", "so101_follower"],
  ["so101_follower", "so_follower", "so_follower"],
  ["so101_follower", "so100_follower", "so100_follower"],
])("the folder's other name, %s as a link that says %s, is known by what it says", (link, says, real) => {
  mkdirSync(join(root, "robots", real), { recursive: true });
  symlinkSync(says.replace("WHOLE", join(root, "robots")), join(root, "robots", link));
  const red = { role: "follower", id: "red" } as const;
  store.save(red, calibrations.follower);
  expect(store.load(red)).toEqual(calibrations.follower);
  expect(readCalibration(join(root, "robots", real, "red.json"))).toEqual(calibrations.follower);
  expect(lstatSync(join(root, "robots", link)).isSymbolicLink()).toBe(true);
});

test.each(["../elsewhere", "../../robots/so101_follower/../so101_follower/x", "so101_leader", "so_follower"])(
  "a link in the folder's place that says %s is a fault with its name, and stays",
  (says) => {
    mkdirSync(join(root, "elsewhere"));
    mkdirSync(join(root, "robots/so101_follower"), { recursive: true });
    symlinkSync(says, join(root, "robots/so_follower"));
    const red = { role: "follower", id: "red" } as const;
    for (const use of [() => store.load(red), () => store.save(red, calibrations.follower)]) {
      const error = caught(use);
      expect(error.path).toBe(join(root, "robots/so_follower"));
      expect(error.message).toContain("a link, and links are not followed there");
    }
    expect(readdirSync(join(root, "elsewhere"))).toEqual([]);
    expect(readdirSync(join(root, "robots/so101_follower"))).toEqual([]);
  },
);

test("what is no file beside a calibration is told at once, by its name and what to do", () => {
  const path = put("robots/so101_follower/red.json").replace(".json", ".unfinished");
  const red = { role: "follower", id: "red" } as const;
  expect(Bun.spawnSync(["mkfifo", path]).success).toBe(true);
  const because = `calibration ${path}: not a file, but a pipe: remove it`;
  expect(store.unfinishedProblem(red)).toMatchObject({ kind: "unreadable", file: path, because });
  expect(caught(() => store.checkRoom(red)).message).toBe(because);
});

test("a second file of a gigabyte is a fault with its name, and is not read", () => {
  put("robots/so101_follower/red.json");
  const newer = put("robots/so_follower/red.json");
  truncateSync(newer, 2 ** 30);
  expect(caught(() => store.load({ role: "follower", id: "red" }))).toMatchObject({
    trouble: "invalid",
    path: newer,
  });
});

test("a file with another name somewhere is not used, and the one that replaces it is", () => {
  const path = put("robots/so101_follower/red.json");
  linkSync(path, join(root, "elsewhere"));
  const red = { role: "follower", id: "red" } as const;
  expect(caught(() => store.load(red)).message).toContain("a file of 2 names (hard links)");
  store.save(red, calibrations.leader);
  expect(store.load(red)).toEqual(calibrations.leader);
  expect(readCalibration(join(root, "elsewhere"))).toEqual(calibrations.follower);
  expect(readdirSync(dirname(path))).toEqual(["red.json"]);
});

test("a file that is kept may be read by whom the one before was", () => {
  const path = put("robots/so101_follower/red.json");
  chmodSync(path, 0o600);
  store.save({ role: "follower", id: "red" }, calibrations.leader);
  expect(statSync(`${path}.old`).mode & 0o777).toBe(0o600);
});

test("a root that cannot be made is said", () => {
  writeFileSync(join(root, "file"), "");
  const error = caught(() =>
    new CalibrationStore(join(root, "file")).save({ role: "leader", id: "me" }, calibrations.leader),
  );
  expect(error.trouble).toBe("unwritable");
  expect(error.message).toContain("its folder cannot be made");
});

test("an id is a plain file name, and nothing else leaves the folder", () => {
  for (const id of ["red_sting", "my arm", "…", "a.b", "-"]) expect(armIdProblem(id)).toBeUndefined();
  for (const id of ["", ".", "..", "../x", "/etc/passwd", "a\0b", "a\nb", "x".repeat(251)]) {
    expect(armIdProblem(id)).toStartWith("an arm's id ");
    expect(caught(() => store.find({ role: "leader", id })).trouble).toBe("invalid");
    expect(caught(() => store.save({ role: "leader", id }, calibrations.leader)).trouble).toBe("invalid");
  }
});

test("whatever the id, it is refused or names a file in the arm's own folder", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (id) => {
      const error = caught(() => store.find({ role: "leader", id }));
      expect(["invalid", "missing"]).toContain(error.trouble);
      if (error.trouble === "missing")
        expect(dirname(error.path)).toBe(join(root, "teleoperators/so101_leader"));
    }),
  );
});
