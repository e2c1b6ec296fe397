/** What is wrong with an arm that has been read: every check before it may be used. */

import type { NormalisationMode } from "../calibration/normalisation.ts";
import type { ArmIdentity } from "../identity.ts";
import { JOINTS } from "../joints.ts";
import type { ArmProblem } from "../problem.ts";
import { missingJoints } from "./answers.ts";
import { calibrationProblems, wristRollRanges } from "./calibration.ts";
import { mixedFirmware, reportedErrors, unusualServos, voltagesOutside, wrongModels } from "./servos.ts";
import { type ArmState, servosOf } from "./state.ts";
import { isSwapped } from "./swapped.ts";

/** One thing that a check found. */
export interface Finding {
  /** A fault keeps the arm from being used; a warning is said, and that is all; "info" is nothing to worry about. */
  readonly severity: "fault" | "warning" | "info";
  readonly problem: ArmProblem;
}

/**
 * Everything that is wrong with an arm, faults first; none when it can be used.
 * With the pair's other arm, as far as it is known, it is also told whether the two are swapped: then nothing else is
 * said, for all else would follow from it. `mode` is how the pair maps one arm's joints to the other's.
 */
export function findingsOf(
  state: ArmState,
  counterpart?: ArmState,
  mode: NormalisationMode = "range",
): Finding[] {
  const arm = identityOf(state);
  if (counterpart !== undefined && isSwapped(state, counterpart)) {
    const other = identityOf(counterpart);
    return faults([{ code: "arm.swapped", arm, other, remedies: [{ do: "exchange ports" }] }]);
  }
  const findings = [...servoFindingsOf(state), ...faults(calibrationProblems(arm, state))];
  if (counterpart !== undefined) findings.push(...warnings(wristRollRanges(arm, state, counterpart, mode)));
  return findings.sort((a, b) => a.severity.localeCompare(b.severity));
}

/** What is wrong with an arm's servos, whatever its calibration: who is missing, models, firmware, voltage, errors. */
export function servoFindingsOf(state: Omit<ArmState, "calibration" | "unfinished">): Finding[] {
  const arm = identityOf(state);
  const servos = servosOf(state);
  const missing = JOINTS.filter((_, i) => !state.images[i]);
  const unreached = state.unreached ?? (missing.length === 0 ? undefined : missingJoints(missing, { arm }));
  return [
    ...faults(unreached === undefined ? [] : [unreached]),
    ...faults(unreached?.code === "servo.wrong-model" ? [] : wrongModels(arm, servos)),
    ...infos(unusualServos(arm, servos)),
    ...warnings(mixedFirmware(arm, servos)),
    ...warnings(voltagesOutside(arm, servos)),
    ...warnings(reportedErrors(arm, servos)),
  ];
}

function identityOf({ role, id }: ArmIdentity): ArmIdentity {
  return { role, id };
}

function faults(problems: readonly ArmProblem[]): Finding[] {
  return problems.map((problem) => ({ severity: "fault", problem }));
}

function warnings(problems: readonly ArmProblem[]): Finding[] {
  return problems.map((problem) => ({ severity: "warning", problem }));
}

function infos(problems: readonly ArmProblem[]): Finding[] {
  return problems.map((problem) => ({ severity: "info", problem }));
}
