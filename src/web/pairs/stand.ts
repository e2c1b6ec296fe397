/** Where a joint stands within its calibrated range, as pages show it. */
import type { JointName } from "../../arm/joints.ts";
import { steps, stepsToDegrees } from "../../feetech/units.ts";

/** Degrees from the middle of the range; of the gripper what share of its range it is open, 0 to 1 within it. */
export function standOf(
  joint: JointName,
  positionSteps: number,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (joint === "gripper") return (positionSteps - min) / (max - min);
  return stepsToDegrees(steps(positionSteps - (min + max) / 2));
}
