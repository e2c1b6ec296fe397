/** What a command about one arm comes down to: a workflow with the arm that its options choose. */
import type { Role } from "../arm/joints.ts";
import { type ChosenArm, chooseArm } from "../config/choose-arm.ts";
import type { Operator } from "../workflows/operator.ts";
import { interruptible } from "./interrupt.ts";
import { operatorFor } from "./operator/operator-for.ts";
import type { ArmOptions } from "./options/arm.ts";

/** Does `work` with the chosen arm, for whom the options say; SIGINT, SIGTERM and SIGHUP end it early. */
export function withChosenArm<T>(
  role: Role,
  options: ArmOptions,
  work: (arm: ChosenArm, operator: Operator) => Promise<T>,
): Promise<T> {
  return interruptible((signal) => work(chooseArm(role, options), operatorFor(options, signal)));
}
