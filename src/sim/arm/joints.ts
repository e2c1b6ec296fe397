/** The names that the simulation's requests, states and records speak of: arms and joints. */

/** The two arms of a pair. */
export const ARMS = ["leader", "follower"] as const;

/** One of the two arms. */
export type ArmName = (typeof ARMS)[number];

/** The joints in the order of their servos' ids, 1 to 6. */
export const JOINTS = [
  "shoulder_pan",
  "shoulder_lift",
  "elbow_flex",
  "wrist_flex",
  "wrist_roll",
  "gripper",
] as const;

/** One of the six joints. */
export type JointName = (typeof JOINTS)[number];
