/** Telling the overload of a gripper that holds something, which is as it should be, from one that is a trouble. */
import type { ErrorBitName } from "../../feetech/registers.ts";
import type { JointName } from "../joints.ts";

/**
 * Whether an error that a servo reports only says that the gripper holds something: with LeRobot's settings each firm
 * grasp overloads it within seconds. A leader's has no torque, and holds nothing.
 */
export function isGrasp(joint: JointName, torqueOn: boolean | null, error: ErrorBitName): boolean {
  return joint === "gripper" && torqueOn === true && error === "overload";
}
