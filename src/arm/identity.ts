/** What tells one arm from another: its role and its name. */
import type { Role } from "./joints.ts";

/** An arm by its role and LeRobot's id. */
export interface ArmIdentity {
  readonly role: Role;
  /** The name of its calibration file, without `.json`. */
  readonly id: string;
}

/** How messages name an arm: `follower "red_sting"`. */
export function nameOfArm({ role, id }: ArmIdentity): string {
  return `${role} "${id}"`;
}
