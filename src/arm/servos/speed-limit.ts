/**
 * The limit of a follower's speed that its servos keep: the goal velocity, which nobody else writes. LeRobot would crawl
 * with it until the power is switched off and on, so none of ours is left behind.
 */
import type { BusAccess } from "../../feetech/access.ts";
import type { Bus } from "../../feetech/bus.ts";
import { spanOf } from "../../feetech/requests.ts";
import type { Role } from "../joints.ts";
import { SERVO_IDS } from "./read.ts";
import { readOfAll, TRIES } from "./read-each.ts";

/** A joint so near to its goal cannot go far when its speed is no longer limited. */
export const NEAR_GOAL_STEPS = 34; // 3°

/** What who only takes an arm's torque away may do to it: a leader has no goal of any kind, and so no speed. */
export function accessToRelease(role: Role): Exclude<BusAccess, "drive"> {
  return role === "follower" ? "torque off, no speed limit" : "torque off";
}

/**
 * Lifts the limit of every servo that answers, and of which nothing can come of it: its torque is off, or it is within 3°
 * of its goal. Does nothing to an arm that must have no goal of any kind. Returns the indices of the joints that keep
 * theirs. Throws {@link PortError} when the port is lost.
 */
export function liftSpeedLimits(bus: Bus): number[] {
  if (bus.access === "torque off" || bus.access === "read") return [];
  const found = readOfAll(bus, spanOf("torque_enable", "present_position"));
  return SERVO_IDS.flatMap((id, joint) => {
    const servo = found[joint];
    if (servo === undefined || servo.value(0, "goal_velocity") === 0) return [];
    const distance = Math.abs(servo.value(0, "goal_position") - servo.value(0, "present_position"));
    if (servo.value(0, "torque_enable") !== 0 && distance > NEAR_GOAL_STEPS) return joint;
    for (let attempt = 0; attempt < TRIES; attempt++) if (bus.write(id, "goal_velocity", 0)) break;
    return [];
  });
}
