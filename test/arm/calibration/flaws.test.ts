import { expect, test } from "bun:test";
import { join } from "node:path";
import { CalibrationError } from "../../../src/arm/calibration/error.ts";
import { readCalibration, readCalibrationText } from "../../../src/arm/calibration/files/file.ts";
import { flawsOf, isPlaceholder, whyNoCalibration } from "../../../src/arm/calibration/flaws.ts";
import type { ServoCalibration } from "../../../src/arm/calibration/in-servos.ts";
import { isUtf16 } from "../../../src/arm/calibration/other-files.ts";
import { CalibrationStore } from "../../../src/arm/calibration/store.ts";
import { JOINTS, type JointName } from "../../../src/arm/joints.ts";
import { steps } from "../../../src/feetech/units.ts";
import { sayError } from "../../../src/messages/problems.ts";
import { thrown } from "../../support/thrown.ts";
import { calibrations } from "../arms.ts";

/** Files as people have them. */
const folder = join(import.meta.dir, "../../fixtures/calibrations");
const fileOf = (name: string) => join(folder, `${name}.json`);
const good = readCalibration(fileOf("good"));
const arm = { role: "follower", id: "red" } as const;

const ranged = (joint: JointName, min: number, max: number): ServoCalibration => ({
  ...calibrations.leader,
  [joint]: { ...calibrations.leader[joint], range_min: steps(min), range_max: steps(max) },
});

test("what LeRobot wrote for an arm that was swept can be a calibration", () => {
  for (const calibration of [good, calibrations.leader, calibrations.follower]) {
    expect(flawsOf(calibration)).toEqual([]);
    expect(whyNoCalibration(calibration)).toBeUndefined();
  }
});

for (const joint of JOINTS) {
  const isRound = joint === "wrist_roll";
  test(`${joint}: a range from 170 to 3899 steps can be one, ${isRound ? "and so can the whole turn" : "and no other"}`, () => {
    const flawed = (min: number, max: number) => flawsOf(ranged(joint, min, max)).map(({ flaw }) => flaw);
    expect(flawed(100, 270)).toEqual([]);
    expect(flawed(100, 3999)).toEqual([]);
    expect(flawed(100, 269)).toEqual(["no range"]);
    expect(flawed(2000, 2000)).toEqual(["no range"]);
    expect(flawed(3000, 1000)).toEqual(["upside down"]);
    expect(flawed(100, 4000)).toEqual(isRound ? [] : ["never swept"]);
    expect(flawed(0, 4095)).toEqual(isRound ? [] : ["never swept"]);
    expect(flawed(900, 65_535)).toEqual(["beyond the turn"]);
  });
}

test("servos as they are delivered hold a placeholder, and those of one joint do not make one", () => {
  const untouched = { homing_offset: steps(0), range_min: steps(0), range_max: steps(4095) };
  const placeholder = Object.fromEntries(JOINTS.map((joint) => [joint, untouched])) as ServoCalibration;
  expect(isPlaceholder(placeholder)).toBe(true);
  expect(whyNoCalibration(placeholder)).toStartWith("it is a placeholder");
  expect(isPlaceholder({ ...calibrations.leader, gripper: untouched })).toBe(false);
});

for (const [name, what, cure] of [
  ["never-swept", "it is a placeholder, every offset 0", 'with "so101 calibrate follower"'],
  [
    "cancelled-after-the-middle",
    "no joint was ever moved from end to end: the ranges are the whole turn, which is what a calibration with LeRobot leaves",
    'with "so101 calibrate follower"',
  ],
  [
    "one-joint-never-swept",
    "gripper: its range, 0 to 4095, is the whole turn, which no joint between two stops has",
    'calibrate gripper again with "so101 calibrate follower --joint gripper"',
  ],
  ["utf-16", "its text is UTF-16, as Windows' PowerShell writes it", '"iconv -f UTF-16 -t UTF-8 -o '],
  [
    "ids-7-to-12",
    "a second arm's calibration on one bus, with the ids 7 to 12",
    'give the servos the ids 1 to 6 with "so101 setup-motors follower", then read it back from the arm with',
  ],
  [
    "lekiwi-names",
    "a LeKiwi's calibration, whose joints are named arm_shoulder_pan",
    'read it back from the arm with "so101 calibration pull follower"',
  ],
] as const) {
  test(`${name} is refused with what it is, and its own cure`, () => {
    const error = thrown(CalibrationError, () => readCalibration(fileOf(name), arm));
    expect(error.trouble).toBe("invalid");
    const said = sayError(error, {});
    expect(said).toStartWith(`follower "red": calibration ${fileOf(name)}: `);
    expect(said).toContain(what);
    expect(said).toContain(cure);
  });
}

test("a text in UTF-16 is known by its mark, and without one by its zeros", () => {
  for (const [text, expected] of [
    ["\uFEFF{}  ", true],
    ["{}  ", true],
    ["\0\0\0\0", false],
  ] as const) {
    expect(isUtf16(Buffer.from(text, "utf16le"))).toBe(expected);
    expect(isUtf16(Buffer.from(text, "utf16le").swap16())).toBe(expected);
    expect(isUtf16(Buffer.from(text))).toBe(false);
  }
});

test("a drive mode as a boolean is the number", () => {
  const calibration = readCalibration(fileOf("boolean-drive-mode"));
  expect(calibration).toEqual({ ...good, gripper: { ...good.gripper, drive_mode: 1 } });
});

test("an additional key is left out, and said", () => {
  expect(readCalibrationText(fileOf("extra-key"))).toEqual({ calibration: good, leftOut: ["joint_name"] });
  expect(readCalibrationText(fileOf("good")).leftOut).toEqual([]);
});

test("a mark before the text and Windows' line ends are no part of it", () => {
  expect(readCalibration(fileOf("mark-and-crlf"))).toEqual(good);
});

test("two generations of one file that differ in line ends only are one calibration", () => {
  const store = new CalibrationStore(join(folder, "two-generations-tree"));
  expect(store.load({ role: "follower", id: "b" })).toEqual(good);
});
