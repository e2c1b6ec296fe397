/** Joints outside of the position limits in their servos: firmware may make the limit of a goal that is outside, too. */
import type { ReadRequest } from "../../feetech/requests.ts";
import { steps, stepsToDegrees } from "../../feetech/units.ts";

/** A joint so near to its range may be led back into it, at the aligning speed, by firmware that takes no other goal. */
export const OUTSIDE_WITHIN_STEPS = 57; // 5°

/**
 * A joint is so far outside of its range that its torque cannot be switched on where it is: its firmware would drive it
 * to the limit.
 */
export class JointOutOfRange extends Error {
  override readonly name = "JointOutOfRange";
  /** The index of the joint. */
  readonly joint: number;
  readonly degrees: number;

  constructor(joint: number, distance: number) {
    const degrees = degreesOutside(distance);
    super(`joint ${joint} is ${degrees}° outside of its range`);
    this.joint = joint;
    this.degrees = degrees;
  }
}

/** How far outside of a range so many steps are, in whole degrees. */
export function degreesOutside(distance: number): number {
  return Math.round(stepsToDegrees(steps(distance)));
}

/** The position nearest to another that is within a servo's limits, of which equal ones are none. */
export function nearestWithin(min: number, max: number, position: number): number {
  return min === max ? position : Math.min(Math.max(position, min), max);
}

/** As {@link nearestWithin}, with the limits that the servo at `index` of a read holds. */
export function nearestIn(limits: ReadRequest, index: number, position: number): number {
  const min = limits.value(index, "min_position_limit");
  return nearestWithin(min, limits.value(index, "max_position_limit"), position);
}
