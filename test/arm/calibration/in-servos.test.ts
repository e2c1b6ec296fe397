import { expect, test } from "bun:test";
import type { JointCalibration } from "../../../src/arm/calibration/calibration.ts";
import { calibrationInServo, differingKeys, matches } from "../../../src/arm/calibration/in-servos.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { steps } from "../../../src/feetech/units.ts";
import { armImages, calibrations, servoImage } from "../arms.ts";

test("the calibration of an arm is read back out of its servos, offsets of both signs", () => {
  const images = armImages("follower", calibrations.follower);
  const held = Object.fromEntries(JOINTS.map((joint, i) => [joint, calibrationInServo(joint, images[i]!)]));
  expect(held).toEqual(calibrations.follower);
  expect(held.elbow_flex!.homing_offset).toBeLessThan(0);
});

test("a servo and a file are compared in what a servo holds, and drive_mode is not", () => {
  const held = calibrationInServo("gripper", servoImage({ homing_offset: -5 }));
  const inverted: JointCalibration = { ...held, drive_mode: 1 };
  expect(differingKeys(held, inverted)).toEqual([]);
  expect(differingKeys(held, { ...held, homing_offset: steps(5), range_max: steps(4094) })).toEqual([
    "homing_offset",
    "range_max",
  ]);
});

test("an arm holds a calibration when every servo that answers does, and one at least", () => {
  const images = armImages("leader", calibrations.leader);
  expect(matches(images, calibrations.leader)).toBe(true);
  expect(matches([null, ...images.slice(1)], calibrations.leader)).toBe(true);
  expect(matches(images, calibrations.follower)).toBe(false);
  expect(
    matches(
      JOINTS.map(() => null),
      calibrations.leader,
    ),
  ).toBe(false);
});
