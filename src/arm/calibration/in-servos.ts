/** The calibration that servos hold in their EEPROM: read out of their images, and compared with a file's. */
import { idOf, JOINTS, type JointName } from "../joints.ts";
import type { ServoImage, ServoImages } from "../servos/servo-image.ts";
import type { Calibration, JointCalibration } from "./calibration.ts";

/** Where a servo keeps its calibration: LeRobot's key, and the register. `drive_mode` exists in files only. */
export const calibrationRegisters = [
  ["homing_offset", "homing_offset"],
  ["range_min", "min_position_limit"],
  ["range_max", "max_position_limit"],
] as const;

/** A part of a joint's calibration that servos hold too. */
export type ServoKey = (typeof calibrationRegisters)[number][0];

/** What of an arm's calibration its servos hold; not always such as a calibration can be. */
export type ServoCalibration = Readonly<Record<JointName, Pick<JointCalibration, ServoKey>>>;

/** The calibration in a servo's image. As LeRobot has it when it reads an arm, `drive_mode` is 0. */
export function calibrationInServo(joint: JointName, image: ServoImage): JointCalibration {
  return {
    id: idOf(joint),
    drive_mode: 0,
    homing_offset: image.value("homing_offset"),
    range_min: image.value("min_position_limit"),
    range_max: image.value("max_position_limit"),
  };
}

/**
 * The calibration that an arm's servos hold, with that of `filed` for those that did not answer; undefined without it.
 * Not always such as can be one.
 */
export function heldCalibration(images: ServoImages, filed?: Calibration): Calibration | undefined {
  if (filed === undefined && images.includes(null)) return undefined;
  const held = JOINTS.map((joint, index) => {
    const image = images[index];
    return [joint, image ? calibrationInServo(joint, image) : filed![joint]];
  });
  return Object.fromEntries(held) as Calibration;
}

/** The keys in which a servo's calibration differs from a file's; none when they agree. */
export function differingKeys(
  held: ServoCalibration[JointName],
  filed: ServoCalibration[JointName],
): ServoKey[] {
  return calibrationRegisters.flatMap(([key]) => (held[key] === filed[key] ? [] : key));
}

/** A number that a servo holds and that a file has differently. */
export interface CalibrationDifference {
  readonly joint: JointName;
  readonly key: ServoKey;
  readonly held: number;
  readonly filed: number;
}

/** Where servos, those of them that answered, hold something else than a calibration says. */
export function differencesOf(images: ServoImages, calibration: ServoCalibration): CalibrationDifference[] {
  return JOINTS.flatMap((joint, index) => {
    const image = images[index];
    if (!image) return [];
    const held = calibrationInServo(joint, image);
    const filed = calibration[joint];
    return differingKeys(held, filed).map((key) => ({ joint, key, held: held[key], filed: filed[key] }));
  });
}

/** Whether every servo that answered holds what a calibration says, and at least one answered. */
export function matches(images: ServoImages, calibration: ServoCalibration): boolean {
  return images.some((image) => image) && differencesOf(images, calibration).length === 0;
}
