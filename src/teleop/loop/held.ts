/** How a follower is found when its torque is switched on: which joints are held already, and whether all have settled. */
import { JOINT_COUNT } from "../../arm/joints.ts";
import type { ReadRequest } from "../../feetech/requests.ts";
import { OUTSIDE_WITHIN_STEPS } from "./position-limits.ts";

/** Where a joint begins when its torque is switched on. */
export type Begun = "where it is" | "at the goal it keeps" | "beside its goal";

/**
 * A joint that is found with its torque on, this close to its goal, is held there by somebody before us and keeps its
 * goal: gravity accounts for the difference. Further away its goal is stale, unless it is the one that we gave it, …
 */
const HELD_WITHIN_STEPS = 114; // 10°
/** … but for one with its whole torque, which something keeps from its goal: at any distance when it is overloaded. */
const PRESSES_WITHIN_STEPS = 341; // 30°

/** How far a joint without torque may be moved by hand between reading its position and switching its torque on. */
export const STILL_WITHIN_STEPS = 12; // 1°

/** What is known of a joint beside its registers: the goal that we gave it last, −1 for none, and whether it is overloaded. */
export interface Known {
  readonly ours: number;
  readonly overloaded: boolean;
}

/**
 * Whether somebody before us holds a joint where it is. `found` has `torque_enable` to `present_position` of each servo,
 * `fullTorque` its `max_torque_limit`.
 */
export function isHeldInPlace(
  found: ReadRequest,
  fullTorque: ReadRequest,
  joint: number,
  { ours, overloaded }: Known,
): boolean {
  if (found.value(joint, "torque_enable") !== 1) return false;
  const goal = found.value(joint, "goal_position");
  const full = found.value(joint, "torque_limit") === fullTorque.value(joint, "max_torque_limit");
  // One that is overloaded has pressed for seconds: with its goal where it is, it would drop what it holds.
  if (full && (overloaded || goal === ours)) return true;
  const distance = Math.abs(goal - found.value(joint, "present_position"));
  return distance <= (full ? PRESSES_WITHIN_STEPS : HELD_WITHIN_STEPS);
}

/** The first joint that does not have the goal it was given, or has moved from it since; −1 when there is none. */
export function unsettledJoint(
  found: ReadRequest,
  goals: ArrayLike<number>,
  begun: readonly Begun[],
): number {
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    const goal = found.value(joint, "goal_position");
    if (goal !== goals[joint]) return joint;
    const torqueIsOn = found.value(joint, "torque_enable") === 1;
    if (torqueIsOn && begun[joint] === "at the goal it keeps") continue;
    const distance = Math.abs(goal - found.value(joint, "present_position"));
    const limp = begun[joint] === "beside its goal" ? OUTSIDE_WITHIN_STEPS : STILL_WITHIN_STEPS;
    if (distance > (torqueIsOn ? PRESSES_WITHIN_STEPS : limp)) return joint;
  }
  return -1;
}
