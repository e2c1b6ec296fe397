/** Whose calibration an arm holds: what tells one arm from another when nothing else does. */
import { CalibrationError } from "../calibration/error.ts";
import { matches } from "../calibration/in-servos.ts";
import type { CalibrationStore } from "../calibration/store.ts";
import type { ArmIdentity } from "../identity.ts";
import { ROLES, type Role } from "../joints.ts";
import type { ServoImages } from "../servos/servo-image.ts";

/**
 * Every arm whose calibration file says exactly what these servos hold, by their images; those that did not answer are
 * left out. Files that cannot be read count as nobody's. Never throws.
 */
export function identifyArm(calibrations: CalibrationStore, images: ServoImages): ArmIdentity[] {
  return ROLES.flatMap((role) => idsOf(calibrations, role).map((id) => ({ role, id }))).filter((arm) => {
    const filed = calibrations.tryLoad(arm);
    return !(filed instanceof CalibrationError) && matches(images, filed);
  });
}

function idsOf(calibrations: CalibrationStore, role: Role): string[] {
  try {
    return calibrations.savedIds(role);
  } catch (error) {
    if (error instanceof CalibrationError) return [];
    throw error;
  }
}
