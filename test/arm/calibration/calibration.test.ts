import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  type Calibration,
  formatCalibration,
  type JointCalibration,
  parseCalibration,
} from "../../../src/arm/calibration/calibration.ts";
import { CalibrationError } from "../../../src/arm/calibration/error.ts";
import {
  readCalibration,
  readCalibrationText,
  replaceCalibration,
} from "../../../src/arm/calibration/files/file.ts";
import { idOf, JOINTS, type JointName } from "../../../src/arm/joints.ts";
import { steps } from "../../../src/feetech/units.ts";
import { MOUNTING, needing, ROOT } from "../../support/needs.ts";
import { thrown } from "../../support/thrown.ts";
import { calibrations } from "../arms.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "so101-calibration-"));
  path = join(folder, "red_sting.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file as Python's `json.dump(…, indent=4)` writes it. */
const lerobotFile = `{
    "shoulder_pan": {
        "id": 1,
        "drive_mode": 0,
        "homing_offset": -1250,
        "range_min": 1095,
        "range_max": 3567
    },
    "shoulder_lift": {
        "id": 2,
        "drive_mode": 0,
        "homing_offset": -578,
        "range_min": 1052,
        "range_max": 3646
    },
    "elbow_flex": {
        "id": 3,
        "drive_mode": 0,
        "homing_offset": 670,
        "range_min": 978,
        "range_max": 2749
    },
    "wrist_flex": {
        "id": 4,
        "drive_mode": 0,
        "homing_offset": 418,
        "range_min": 1015,
        "range_max": 2919
    },
    "wrist_roll": {
        "id": 5,
        "drive_mode": 0,
        "homing_offset": -1139,
        "range_min": 0,
        "range_max": 4095
    },
    "gripper": {
        "id": 6,
        "drive_mode": 0,
        "homing_offset": 789,
        "range_min": 795,
        "range_max": 3197
    }
}`;

const caught = (action: () => unknown) => thrown(CalibrationError, action);

/** The leader's calibration as a plain object, with one joint changed. */
const changed = (joint: string, values: object): string =>
  JSON.stringify({
    ...calibrations.leader,
    [joint]: { ...(calibrations.leader as Record<string, object>)[joint], ...values },
  });

const problem = (text: string): string => caught(() => parseCalibration(text, "/x/red_sting.json")).message;

test("LeRobot's file is read, and written to the byte as LeRobot writes it", () => {
  writeFileSync(path, lerobotFile);
  const calibration = readCalibration(path);
  expect(calibration).toEqual(calibrations.leader);
  replaceCalibration(join(folder, "copy.json"), calibration);
  expect(readFileSync(join(folder, "copy.json"), "utf8")).toBe(lerobotFile);
});

test("what is written has LeRobot's order of keys, whatever order it was given in", () => {
  const backwards = (object: object) => Object.fromEntries(Object.entries(object).reverse());
  const mixed = backwards(
    Object.fromEntries(JOINTS.map((joint) => [joint, backwards(calibrations.leader[joint])])),
  );
  expect(formatCalibration(mixed as Calibration)).toBe(lerobotFile);
});

test("every calibration that an arm can have survives writing and reading", () => {
  fc.assert(
    fc.property(anyCalibration, (calibration) => {
      expect(parseCalibration(formatCalibration(calibration), path)).toEqual(calibration);
    }),
  );
});

for (const [what, text, expected] of [
  [
    "an offset that the servo cannot hold",
    changed("elbow_flex", { homing_offset: -2048 }),
    "elbow_flex has homing_offset -2048, which must be a whole number from -2047 to 2047",
  ],
  [
    "a joint that was not moved",
    changed("wrist_flex", { range_min: 2000, range_max: 2000 }),
    "wrist_flex: range_min and range_max are both 2000: the joint was not moved while its range was recorded",
  ],
  [
    "a range upside down",
    changed("gripper", { range_min: 3000, range_max: 1000 }),
    "gripper: range_min 3000 is above range_max 1000",
  ],
  [
    "a range beyond a turn",
    changed("gripper", { range_max: 4096 }),
    "gripper has range_max 4096, which must be a whole number from 0 to 4095",
  ],
  [
    "a range below zero",
    changed("gripper", { range_min: -1 }),
    "gripper has range_min -1, which must be a whole number from 0 to 4095",
  ],
  [
    "half a step",
    changed("gripper", { range_min: 1.5 }),
    "gripper has range_min 1.5, which must be a whole number",
  ],
  ["another joint's id", changed("shoulder_lift", { id: 3 }), "shoulder_lift has id 3, which must be 2"],
  ["a text for a number", changed("gripper", { id: "6" }), 'gripper has id "6", which must be 6'],
  [
    "an unknown drive mode",
    changed("gripper", { drive_mode: 2 }),
    "gripper has drive_mode 2, which must be 0 or 1",
  ],
  ["a missing value", changed("gripper", { range_max: undefined }), "gripper has no range_max"],
  ["a missing joint", changed("elbow_flex", {}).replace("elbow_flex", "elbow"), '"elbow" is no joint'],
  [
    "no joint at all",
    "{}",
    "nothing for shoulder_pan, shoulder_lift, elbow_flex, wrist_flex, wrist_roll, gripper",
  ],
  [
    "a joint that is a number",
    JSON.stringify({ ...calibrations.leader, gripper: 6 }),
    "gripper is not an object",
  ],
  ["a list", "[]", "nothing for shoulder_pan"],
  ["null", "null", "not an object with the arm's six joints"],
  ["an empty file", " \n", "the file is empty"],
  ["a file cut short", lerobotFile.slice(0, 300), "not JSON ("],
  ["a file with zeros, as after a loss of power", "\0".repeat(900), "not JSON ("],
  [
    "LeRobot's old format",
    JSON.stringify({ homing_offset: [1, 2], drive_mode: [0, 0], start_pos: [3, 4], calib_mode: ["DEGREE"] }),
    "LeRobot's format from before June 2025",
  ],
] as const) {
  test(`${what} is refused by name`, () => {
    const error = caught(() => parseCalibration(text, "/x/red_sting.json"));
    expect(error.message).toStartWith("calibration /x/red_sting.json: ");
    expect(error.message).toContain(expected);
    expect(error.problem).toMatchObject({
      code: "calibration.missing",
      kind: "invalid",
      files: ["/x/red_sting.json"],
      what: expect.stringContaining(expected) as unknown,
      remedies: expect.arrayContaining([
        { do: expect.stringMatching(/^(calibrate|calibrate joint|calibration pull)$/) as unknown },
      ]) as unknown,
    });
  });
}

test("keys that are no calibration's are left out, and told, each once", () => {
  const text = JSON.stringify({
    ...JSON.parse(changed("gripper", { speed: 1, toString: 1 })),
    camera: { speed: 2 },
  });
  writeFileSync(path, text);
  expect(readCalibrationText(path)).toEqual({
    calibration: calibrations.leader,
    leftOut: ["camera", "speed", "toString"],
  });
});

test("several problems are all said", () => {
  const message = problem(changed("gripper", { id: 5, homing_offset: 9999 }));
  expect(message).toContain("gripper has id 5, which must be 6; gripper has homing_offset 9999");
});

test("hostile text is a calibration or refused, and nothing else happens", () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"__proto__": ${json}, "gripper": ${json}}`),
    fc
      .tuple(fc.nat(lerobotFile.length), fc.nat(40), fc.string())
      .map(([at, length, put]) => lerobotFile.slice(0, at) + put + lerobotFile.slice(at + length)),
    fc
      .tuple(fc.constantFrom(...JOINTS), fc.constantFrom("id", "range_min", "drive_mode"), fc.jsonValue())
      .map(([joint, key, value]) => changed(joint, { [key]: value })),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      let parsed: Calibration;
      try {
        parsed = parseCalibration(text, path);
      } catch (error) {
        expect(error).toBeInstanceOf(CalibrationError);
        return;
      }
      for (const joint of JOINTS) {
        const { id, range_min, range_max, homing_offset } = parsed[joint];
        expect(id).toBe(idOf(joint));
        expect(0 <= range_min && range_min + 170 <= range_max && range_max <= 4095).toBe(true);
        expect(Math.abs(homing_offset)).toBeLessThanOrEqual(2047);
      }
    }),
    { numRuns: 1000 },
  );
});

test("reading never touches the file", () => {
  for (const text of [lerobotFile, "", '{"gripper": 1}']) {
    writeFileSync(path, text);
    chmodSync(path, 0o440);
    const before = statSync(path);
    try {
      readCalibration(path);
    } catch {}
    const after = statSync(path);
    expect([readFileSync(path, "utf8"), after.mtimeMs, after.ino, after.mode]).toEqual([
      text,
      before.mtimeMs,
      before.ino,
      before.mode,
    ]);
    rmSync(path);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("no file, a folder and an endless file are each said as what they are", () => {
  expect(caught(() => readCalibration(path))).toMatchObject({ trouble: "missing", path });
  expect(caught(() => readCalibration(path)).problem).toMatchObject({
    kind: "missing",
    what: "there is no such file",
    remedies: [{ do: "calibrate" }, { do: "calibration import" }, { do: "calibration pull" }],
  });
  expect(caught(() => readCalibration(folder))).toMatchObject({ trouble: "invalid" });
  expect(caught(() => readCalibration(folder)).message).toContain(`${folder}: not a file`);
  expect(caught(() => readCalibration("/dev/zero")).message).toContain("/dev/zero: not a file");
  writeFileSync(path, "x".repeat(1_000_000));
  expect(caught(() => readCalibration(path)).message).toContain("1000000 bytes");
});

test("a file that its user may not read is said so", () => {
  writeFileSync(path, lerobotFile, { mode: 0 });
  chmodSync(folder, 0o755);
  const asNobody = `
    const { readCalibration } = await import(process.argv[1]);
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    try { readCalibration(process.argv[2]); } catch (error) { console.log(error.trouble, error.problem.errno, error.path); }`;
  const source = join(import.meta.dir, "../../../src/arm/calibration/files/file.ts");
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", asNobody, source, path]);
  expect(stderr.toString()).toBe("");
  expect(stdout.toString().trim()).toBe(`unreadable EACCES ${path}`);
});

test("a file that is replaced keeps its mode; a new one can be written by its folder's group", () => {
  writeFileSync(path, "old");
  chmodSync(path, 0o640);
  replaceCalibration(path, calibrations.leader);
  expect(statSync(path)).toMatchObject({ mode: 0o100640 });
  const created = join(folder, "new.json");
  replaceCalibration(created, calibrations.leader);
  expect(statSync(created).mode & 0o777).toBe(0o664);
});

needing(ROOT).test("a file that root replaces stays its owner's and its group's", () => {
  writeFileSync(path, "old");
  chownSync(path, 1234, 5678);
  replaceCalibration(path, calibrations.leader);
  expect(statSync(path)).toMatchObject({ uid: 1234, gid: 5678 });
});

test("a link to a file stays a link", () => {
  mkdirSync(join(folder, "kept"));
  writeFileSync(join(folder, "kept/file.json"), "old");
  symlinkSync("kept/file.json", path);
  replaceCalibration(path, calibrations.follower);
  expect(readlinkSync(path)).toBe("kept/file.json");
  expect(readCalibration(join(folder, "kept/file.json"))).toEqual(calibrations.follower);
  expect(readdirSync(join(folder, "kept")).sort()).toEqual(["file.json", "file.json.old"]);
});

test("a calibration that no arm can have is not written over one that is there", () => {
  writeFileSync(path, lerobotFile);
  const impossible: JointCalibration = {
    ...calibrations.leader.gripper,
    range_min: steps(7),
    range_max: steps(7),
  };
  const error = caught(() => replaceCalibration(path, { ...calibrations.leader, gripper: impossible }));
  expect(error.trouble).toBe("invalid");
  expect(readFileSync(path, "utf8")).toBe(lerobotFile);
});

test("when the file cannot be put in place, nothing is left behind and the error says which", () => {
  mkdirSync(path);
  const error = caught(() => replaceCalibration(path, calibrations.leader));
  expect(error).toMatchObject({ trouble: "unwritable", path });
  expect(readdirSync(folder)).toEqual(["red_sting.json"]);
  expect(caught(() => replaceCalibration(join(folder, "no/such.json"), calibrations.leader)).trouble).toBe(
    "unwritable",
  );
});

needing(MOUNTING).test("a full disk leaves the old file and no other", () => {
  const disk = join(folder, "disk");
  mkdirSync(disk);
  // With room for one small file.
  expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk]).success).toBe(true);
  try {
    const kept = join(disk, "kept.json");
    writeFileSync(kept, lerobotFile);
    const error = caught(() => replaceCalibration(kept, calibrations.follower));
    expect(error).toMatchObject({ trouble: "unwritable", path: kept });
    expect(error.problem).toMatchObject({ code: "calibration.unwritable", errno: "ENOSPC" });
    expect(readdirSync(disk)).toEqual(["kept.json"]);
    expect(readFileSync(kept, "utf8")).toBe(lerobotFile);
  } finally {
    Bun.spawnSync(["umount", disk]);
  }
});

const jointCalibration = (joint: JointName): fc.Arbitrary<JointCalibration> =>
  fc
    .tuple(
      fc.constantFrom<0 | 1>(0, 1),
      fc.integer({ min: -2047, max: 2047 }),
      fc.integer({ min: 170, max: joint === "wrist_roll" ? 4095 : 3899 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    )
    .map(([drive_mode, homing_offset, range, at]) => {
      const min = Math.floor((4095 - range) * at);
      return {
        id: idOf(joint),
        drive_mode,
        homing_offset: steps(homing_offset),
        range_min: steps(min),
        range_max: steps(min + range),
      };
    });

const anyCalibration = fc.record(
  Object.fromEntries(JOINTS.map((joint) => [joint, jointCalibration(joint)])),
) as unknown as fc.Arbitrary<Calibration>;
