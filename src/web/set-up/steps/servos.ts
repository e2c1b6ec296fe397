/** The second step: six servos answer by their ids; new ones get theirs. */
import type { ArmProblem } from "../../../arm/problem.ts";
import type { ChosenArm } from "../../../config/choose-arm.ts";
import { sayProblem } from "../../../messages/problems.ts";
import { withArm } from "../../../workflows/arm-session.ts";
import type { Operator } from "../../../workflows/operator.ts";
import { setUpArm } from "../../../workflows/setup-motors/setup-motors.ts";

/** Sees to an arm's servos. False where the person leaves it for later. Throws as {@link withArm} and {@link setUpArm}. */
export async function seeToServos(arm: ChosenArm, operator: Operator): Promise<boolean> {
  for (;;) {
    const problem = await whatIsMissing(arm, operator);
    if (problem === undefined) return true;
    operator.tell("warning", sayProblem(problem, operator.audience));
    const answer = await operator.choose(
      `The servos of the ${arm.role} do not all answer. What is to be done?`,
      [
        { value: "again", label: "Look again", hint: "when its power is on, and every lead is in" },
        { value: "ids", label: "Give new servos their ids", hint: "they are connected one at a time" },
        { value: "later", label: "Later" },
      ],
      "",
    );
    if (answer === "later") return false;
    if (answer === "ids") await setUpArm(arm, "go on", operator);
  }
}

/** What keeps the six servos from answering by their ids; undefined when nothing does. */
function whatIsMissing(arm: ChosenArm, operator: Operator): Promise<ArmProblem | undefined> {
  return withArm(
    arm,
    { access: "read", servos: "any", purpose: "look at the servos" },
    operator,
    async (open) => open.problem && open.lookCloser(),
  );
}
