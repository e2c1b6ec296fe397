/** A calibration as the numbers of its joints alone: short enough for one line between programs. */
import * as v from "valibot";
import { idOf, JOINTS } from "../joints.ts";
import { type Calibration, calibrationSchema } from "./calibration.ts";
import { whyNoCalibration } from "./flaws.ts";

/** drive_mode, homing_offset, range_min and range_max of one joint. */
export type NumbersOfJoint = [number, number, number, number];

/** Those of all joints, in the joints' order. */
export type CalibrationNumbers = [
  NumbersOfJoint,
  NumbersOfJoint,
  NumbersOfJoint,
  NumbersOfJoint,
  NumbersOfJoint,
  NumbersOfJoint,
];

/** The numbers of a calibration. */
export function numbersOf(calibration: Calibration): CalibrationNumbers {
  return JOINTS.map((joint): NumbersOfJoint => {
    const { drive_mode, homing_offset, range_min, range_max } = calibration[joint];
    return [drive_mode, homing_offset, range_min, range_max];
  }) as CalibrationNumbers;
}

/** The calibration that numbers are, wherever they come from; undefined where they can be none. */
export function calibrationOf(numbers: CalibrationNumbers): Calibration | undefined {
  const joints = JOINTS.map((joint, index) => {
    const [drive_mode, homing_offset, range_min, range_max] = numbers[index]!;
    return [joint, { id: idOf(joint), drive_mode, homing_offset, range_min, range_max }];
  });
  const { success, output } = v.safeParse(calibrationSchema, Object.fromEntries(joints));
  return success && whyNoCalibration(output) === undefined ? output : undefined;
}
