/** Whether an arm holds what its calibration file says, and whether the files of a pair fit each other. */
import { steps, stepsToDegrees } from "../../feetech/units.ts";
import type { Calibration, JointCalibration } from "../calibration/calibration.ts";
import { CalibrationError } from "../calibration/error.ts";
import { whyNoCalibration } from "../calibration/flaws.ts";
import { differencesOf, heldCalibration, matches } from "../calibration/in-servos.ts";
import type { NormalisationMode } from "../calibration/normalisation.ts";
import type { ArmIdentity } from "../identity.ts";
import type { ArmProblem, CalibrationMismatch, CalibrationMissing } from "../problem.ts";
import type { Remedy } from "../remedy.ts";
import { type ArmState, filedCalibration } from "./state.ts";

/** What is wrong with an arm's calibration; none when its servos hold what the file says. */
export function calibrationProblems(arm: ArmIdentity, state: ArmState): ArmProblem[] {
  const { calibration, unfinished } = state;
  const interrupted = unfinished === undefined ? [] : [unfinished];
  if (calibration instanceof CalibrationError) {
    const { problem } = calibration;
    // Nothing else comes of reading a file.
    if (problem.code !== "calibration.missing") throw calibration;
    if (problem.kind === "missing" && unfinished !== undefined) return interrupted;
    return [{ ...problem, arm, remedies: withinReach(problem, state) }];
  }
  if (differencesOf(state.images, calibration).length === 0) return [];
  return unfinished === undefined ? [mismatch(arm, state, calibration)] : interrupted;
}

/**
 * The remedies of a file that cannot be used, the best first: the arm's own calibration where its servos hold one, then
 * the file that was replaced.
 */
function withinReach({ remedies, kind }: CalibrationMissing, { images, file }: ArmState): readonly Remedy[] {
  const held = heldCalibration(images);
  if (held === undefined) return remedies;
  const isPull = (remedy: Remedy) => remedy.do === "calibration pull";
  const canPull = whyNoCalibration(held) === undefined;
  const old: readonly Remedy[] =
    kind === "invalid" && file?.old !== undefined ? [{ do: "import old", file: file.old.path }] : [];
  const all = [
    ...(canPull ? remedies.filter(isPull) : []),
    ...old,
    ...remedies.filter((remedy) => !isPull(remedy)),
  ];
  return all.length > 0 ? all : [{ do: "calibrate" }];
}

/** Says which of the two is to be trusted: what can be a calibration before what cannot, the newer before the older. */
function mismatch(arm: ArmIdentity, state: ArmState, filed: Calibration): CalibrationMismatch {
  const { images, file } = state;
  const servosCannot = whyNoCalibration(heldCalibration(images, filed)!);
  const old = file?.old;
  const servosHold = old !== undefined && matches(images, old.calibration) ? old.path : undefined;
  const apply = { do: "calibration apply" } as const;
  const pull = { do: "calibration pull" } as const;
  return {
    code: "calibration.mismatch",
    arm,
    differences: differencesOf(images, filed),
    ...(file !== undefined && { file: file.path, writtenAtMs: file.writtenAtMs }),
    ...(servosCannot !== undefined && { servosCannot }),
    ...(servosHold !== undefined && { servosHold }),
    remedies: servosCannot !== undefined ? [apply] : servosHold !== undefined ? [apply, pull] : [pull, apply],
  };
}

/** So far apart the middles of two ranges are still the same pose to an eye. */
const SAME_MIDDLE_DEG = 5;

/**
 * Said by the arm whose wrist_roll was swept, once for the pair: that calibration is the one to make again. By range the
 * two wrists turn by different angles; in degrees they turn alike where their ranges have the same middle.
 */
export function wristRollRanges(
  arm: ArmIdentity,
  state: ArmState,
  counterpart: ArmState,
  mode: NormalisationMode,
): ArmProblem[] {
  const mine = filedCalibration(state)?.wrist_roll;
  const theirs = filedCalibration(counterpart)?.wrist_roll;
  if (mine === undefined || theirs === undefined || isFullTurn(mine) || !isFullTurn(theirs)) return [];
  const apart = stepsToDegrees(steps(Math.abs(middleOf(mine) - middleOf(theirs))));
  if (mode === "degrees" && apart <= SAME_MIDDLE_DEG) return [];
  return [
    {
      code: "calibration.wrist-roll",
      arm,
      joint: "wrist_roll",
      rangeMin: mine.range_min,
      rangeMax: mine.range_max,
      other: { role: counterpart.role, id: counterpart.id },
      ...(mode === "degrees" && { apart }),
      remedies: [{ do: "calibrate" }],
    },
  ];
}

function isFullTurn({ range_min, range_max }: JointCalibration): boolean {
  return range_min === 0 && range_max === 4095;
}

function middleOf({ range_min, range_max }: JointCalibration): number {
  return (range_min + range_max) / 2;
}
