/** Whose calibration an arm holds: what tells one arm from another when nothing else does. */

import { CalibrationError } from "./calibration/calibration.ts";
import { matches } from "./calibration/in-servos.ts";
import { loadCalibration, savedIds } from "./calibration/tree.ts";
import type { Role } from "./joints.ts";

/** An arm by its role and LeRobot's id. */
export interface ArmIdentity {
  readonly role: Role;
  readonly id: string;
}

/**
 * Every arm of the calibration tree whose file says exactly what these servos hold, by their images; those that did
 * not answer are left out. Files that cannot be read count as nobody's. Never throws.
 */
export function identifyArm(root: string, images: readonly (Uint8Array | null)[]): ArmIdentity[] {
  return (["leader", "follower"] as const).flatMap((role) =>
    savedIds(root, role)
      .filter((id) => isHeldBy(root, role, id, images))
      .map((id) => ({ role, id })),
  );
}

function isHeldBy(root: string, role: Role, id: string, images: readonly (Uint8Array | null)[]): boolean {
  try {
    return matches(images, loadCalibration(root, role, id));
  } catch (error) {
    if (error instanceof CalibrationError) return false;
    throw error;
  }
}
