/** Where an arm's servos and its calibration file differ. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { calibrationInServo, differingKeys, type ServoKey } from "../../arm/calibration/in-servos.ts";
import { JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import type { ServoImages } from "../../arm/servos/servo-image.ts";

/** A number that a file and a servo have differently. */
export interface CalibrationDifference {
  readonly joint: JointName;
  readonly key: ServoKey;
  readonly file: number;
  readonly servo: number;
}

/** Where servos, those of them that answered, differ from a file. */
export function differencesOf(images: ServoImages, filed: Calibration): CalibrationDifference[] {
  return JOINTS.flatMap((joint, index) => {
    const image = images[index];
    if (!image) return [];
    const held = calibrationInServo(joint, image);
    return differingKeys(held, filed[joint]).map((key) => ({
      joint,
      key,
      file: filed[joint][key],
      servo: held[key],
    }));
  });
}

/** `elbow_flex (id 3): homing_offset −12 → −1281`, one joint a line. */
export function describeChanges(differences: readonly CalibrationDifference[]): string {
  const lines = JOINTS.flatMap((joint) => {
    const own = differences.filter((difference) => difference.joint === joint);
    const changes = own.map(({ key, file, servo }) => `${key} ${servo} → ${file}`);
    return own.length === 0 ? [] : `${nameWithId(joint)}: ${changes.join(", ")}`;
  });
  return lines.join("\n");
}
