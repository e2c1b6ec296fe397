/** Checking arms as teleoperation would, before it does. */
import { type Finding, findingsOf } from "../arm/checks/findings.ts";
import { inspectArm } from "../arm/checks/inspect.ts";
import type { ArmState } from "../arm/checks/state.ts";
import { nameOfArm } from "../arm/identity.ts";
import { jointsOf } from "../arm/problem.ts";
import type { ChosenArm } from "../config/choose-arm.ts";
import { sayProblem } from "../messages/problems.ts";
import { withArms } from "./arm-session.ts";
import type { Operator } from "./operator.ts";

/** What came of a check. */
export interface CheckedArms {
  /** False when something keeps one of the arms from being used. */
  readonly usable: boolean;
}

/** Says everything that is wrong with the arms, each against the other. Throws as {@link withArms}. */
export async function checkArms(arms: readonly ChosenArm[], operator: Operator): Promise<CheckedArms> {
  const states: ArmState[] = [];
  let usable = true;
  try {
    await withArms(
      arms,
      { access: "read", servos: "any", purpose: "check calibrations" },
      operator,
      async (open) => {
        for (const arm of open) {
          const unreached = await arm.lookCloser();
          states.push({ ...inspectArm(arm, arm.bus, arm.calibrations), unreached });
        }
      },
    );
  } finally {
    // What was found is said whatever became of the service meanwhile, and once it has the arms again.
    for (const [index, state] of states.entries()) {
      const findings = findingsOf(state, states[1 - index], arms[0]?.normalisation);
      for (const finding of findings) report(state, finding, operator);
      if (findings.some(({ severity }) => severity === "fault")) usable = false;
      else operator.tell("done", `${nameOfArm(state)} can be used.`);
    }
  }
  return { usable };
}

function report({ role, id }: ArmState, { severity, problem }: Finding, operator: Operator): void {
  const message = sayProblem(problem, operator.audience);
  const [joint, ...others] = jointsOf(problem);
  const event = {
    ...{ event: "finding", arm: role, id, severity, code: problem.code },
    ...(joint !== undefined && others.length === 0 && { joint }),
    message,
  };
  operator.event(event, { tone: severity, message });
}
