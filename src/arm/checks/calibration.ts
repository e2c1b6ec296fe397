/** Whether an arm holds what its calibration file says, and whether the files of a pair fit each other. */
import type { JointCalibration } from "../calibration/calibration.ts";
import { CalibrationError } from "../calibration/error.ts";
import { differencesOf } from "../calibration/in-servos.ts";
import type { ArmIdentity } from "../identity.ts";
import type { ArmProblem } from "../problem.ts";
import { type ArmState, filedCalibration } from "./state.ts";

/** What is wrong with an arm's calibration; none when its servos hold what the file says. */
export function calibrationProblems(arm: ArmIdentity, state: ArmState): ArmProblem[] {
  const { calibration, unfinished } = state;
  const interrupted = unfinished === undefined ? [] : [unfinished];
  if (calibration instanceof CalibrationError) {
    const { problem } = calibration;
    // Nothing else comes of reading a file.
    if (problem.code !== "calibration.missing") throw calibration;
    return problem.kind === "missing" && unfinished !== undefined ? interrupted : [{ ...problem, arm }];
  }
  const differences = differencesOf(state.images, calibration);
  if (differences.length === 0) return [];
  if (unfinished !== undefined) return interrupted;
  const remedies = [{ do: "calibration apply" }, { do: "calibration pull" }] as const;
  return [{ code: "calibration.mismatch", arm, differences, remedies }];
}

/** Said by the arm whose wrist_roll was swept, once for the pair: that calibration is the one to make again. */
export function wristRollRanges(arm: ArmIdentity, state: ArmState, counterpart: ArmState): ArmProblem[] {
  const mine = filedCalibration(state)?.wrist_roll;
  const theirs = filedCalibration(counterpart)?.wrist_roll;
  if (mine === undefined || theirs === undefined || isFullTurn(mine) || !isFullTurn(theirs)) return [];
  return [
    {
      code: "calibration.wrist-roll",
      arm,
      joint: "wrist_roll",
      rangeMin: mine.range_min,
      rangeMax: mine.range_max,
      other: { role: counterpart.role, id: counterpart.id },
      remedies: [{ do: "calibrate" }],
    },
  ];
}

function isFullTurn({ range_min, range_max }: JointCalibration): boolean {
  return range_min === 0 && range_max === 4095;
}
