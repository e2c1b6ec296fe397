/** The calibration that servos hold in their EEPROM: read out of their images, and compared with a file's. */
import { registerValue } from "../feetech/registers.ts";
import type { Calibration, JointCalibration } from "./calibration.ts";
import { idOf, JOINTS, type JointName } from "./joints.ts";

/** Where a servo keeps its calibration: LeRobot's key, and the register. `drive_mode` exists in files only. */
const calibrationRegisters = {
  homing_offset: "homing_offset",
  range_min: "min_position_limit",
  range_max: "max_position_limit",
} as const;

/** A part of a joint's calibration that servos hold too. */
export type HeldKey = keyof typeof calibrationRegisters;

const heldKeys = Object.keys(calibrationRegisters) as HeldKey[];

/** The calibration in a servo's image (addresses 0…70). As LeRobot has it when it reads an arm, `drive_mode` is 0. */
export function heldCalibration(joint: JointName, image: Uint8Array): JointCalibration {
  return {
    id: idOf(joint),
    drive_mode: 0,
    homing_offset: registerValue(calibrationRegisters.homing_offset, image),
    range_min: registerValue(calibrationRegisters.range_min, image),
    range_max: registerValue(calibrationRegisters.range_max, image),
  };
}

/** The keys in which a servo's calibration differs from a file's; none when they agree. */
export function differingKeys(held: JointCalibration, filed: JointCalibration): HeldKey[] {
  return heldKeys.filter((key) => held[key] !== filed[key]);
}

/** Whether every servo that answered holds what a calibration says, and at least one answered. */
export function holds(images: readonly (Uint8Array | null)[], calibration: Calibration): boolean {
  let answered = 0;
  for (const [i, joint] of JOINTS.entries()) {
    const image = images[i];
    if (!image) continue;
    if (differingKeys(heldCalibration(joint, image), calibration[joint]).length > 0) return false;
    answered++;
  }
  return answered > 0;
}
