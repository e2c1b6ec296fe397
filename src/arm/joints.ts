/** The six joints of an SO-100/101 arm and the two roles an arm can have. */

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

/** Which of the joints the gripper is. */
export const GRIPPER = JOINTS.indexOf("gripper");

/** The arms of a pair. */
export const ROLES = ["leader", "follower"] as const;

/** The arm that a person moves, or the arm that imitates it. */
export type Role = (typeof ROLES)[number];

/** The arms of a pair that are on a machine which has both of it, or one. Both where nothing is said. */
export function rolesHere(arms: "both" | Role = "both"): readonly Role[] {
  return ROLES.filter((role) => arms === "both" || arms === role);
}

/** Which arms a service reads, by its status: a leader that is here is not, while that of another machine is followed. */
export function armsRead({
  armsHere = "both",
  driver,
}: {
  readonly armsHere?: "both" | Role | undefined;
  readonly driver?: { readonly source: string } | undefined;
}): "both" | Role {
  return driver?.source === "remote leader" ? "follower" : armsHere;
}

/** The id of a joint's servo: 1 to 6. */
export function idOf(joint: JointName): number {
  return JOINTS.indexOf(joint) + 1;
}

/** The joint whose servo has an id; undefined for any other id. */
export function jointWithId(id: number): JointName | undefined {
  return JOINTS.find((joint) => idOf(joint) === id);
}

/** A joint as messages name it: `wrist_flex (id 4)`. */
export function nameWithId(joint: JointName): string {
  return `${joint} (id ${idOf(joint)})`;
}
