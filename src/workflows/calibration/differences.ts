/** Where an arm's servos and its calibration file differ. */
import type { CalibrationDifference, ServoKey } from "../../arm/calibration/in-servos.ts";
import { JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";

/** A number that a file and a servo have differently, as programs are told of it. */
export interface ToldDifference {
  readonly joint: JointName;
  readonly key: ServoKey;
  readonly file: number;
  readonly servo: number;
}

/** Differences as programs are told of them. */
export function toldDifferences(differences: readonly CalibrationDifference[]): ToldDifference[] {
  return differences.map(({ joint, key, held, filed }) => ({ joint, key, file: filed, servo: held }));
}

/** `elbow_flex (id 3): homing_offset −12 → −1281`, one joint a line. */
export function describeChanges(differences: readonly CalibrationDifference[]): string {
  const lines = JOINTS.flatMap((joint) => {
    const own = differences.filter((difference) => difference.joint === joint);
    const changes = own.map(({ key, held, filed }) => `${key} ${held} → ${filed}`);
    return own.length === 0 ? [] : `${nameWithId(joint)}: ${changes.join(", ")}`;
  });
  return lines.join("\n");
}
