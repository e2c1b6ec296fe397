/** The six joints of an SO-100/101 arm, the two roles an arm can have, and the units of a joint's position. */
import { STEPS_PER_TURN } from "../feetech/registers.ts";

/** The joints in the order of the chain and of their servos' ids, 1 to 6. LeRobot's names. */
export const JOINTS = [
  "shoulder_pan",
  "shoulder_lift",
  "elbow_flex",
  "wrist_flex",
  "wrist_roll",
  "gripper",
] as const;

/** The name of a joint. */
export type JointName = (typeof JOINTS)[number];

/** How many joints an arm has. */
export const JOINT_COUNT = JOINTS.length;

/** The arms of a pair. */
export const ROLES = ["leader", "follower"] as const;

/** The arm that a person moves, or the arm that imitates it. */
export type Role = (typeof ROLES)[number];

/** The id of a joint's servo: 1 to 6. */
export function idOf(joint: JointName): number {
  return JOINTS.indexOf(joint) + 1;
}

/** A joint as messages name it: `wrist_flex (id 4)`. */
export function nameWithId(joint: JointName): string {
  return `${joint} (id ${idOf(joint)})`;
}

declare const unit: unique symbol;

/**
 * A number in a unit. A plain number fits any of these types, but one unit never fits another: what matters is
 * that steps are not taken for degrees, and that costs no casts where bytes become numbers.
 */
type In<Unit> = number & { readonly [unit]?: Unit };

/** A servo's position or a distance: 4096 steps a turn; an encoder reads 0…4095. */
export type Steps = In<"steps">;

/** A normalised position: −100…100 of a body joint's calibrated range, 0…100 of the gripper's. */
export type Percent = In<"percent">;

/** An angle; as a normalised position, from the middle of the joint's calibrated range. */
export type Degrees = In<"degrees">;

/** As many steps as an angle has, not rounded: 4096 to 360°. */
export function degreesToSteps(degrees: Degrees): Steps {
  return (degrees * STEPS_PER_TURN) / 360;
}
