import { expect, test } from "bun:test";
import { calibrationOf, numbersOf } from "../../../src/arm/calibration/numbers.ts";
import { calibrations } from "../arms.ts";

test("a calibration comes back from its numbers", () => {
  const { shoulder_pan } = calibrations.follower;
  const { drive_mode, homing_offset, range_min, range_max } = shoulder_pan;
  expect(numbersOf(calibrations.follower)[0]).toEqual([drive_mode, homing_offset, range_min, range_max]);
  for (const calibration of [calibrations.leader, calibrations.follower])
    expect(calibrationOf(numbersOf(calibration))).toEqual(calibration);
});

test("numbers that can be no calibration are none", () => {
  for (const wrong of [
    [0, 0, 2000, 2000],
    [0, 0, 3000, 1000],
    [0, 0, -1, 4000],
    [0, 3000, 1000, 3000],
    [2, 0, 1000, 3000],
    [0, 0.5, 1000, 3000],
    [0, Number.NaN, 1000, 3000],
  ] as [number, number, number, number][]) {
    const [, ...others] = numbersOf(calibrations.follower);
    expect(calibrationOf([wrong, ...others])).toBeUndefined();
  }
});
