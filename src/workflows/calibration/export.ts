/** Exporting a calibration: the arm's file for LeRobot, or for anybody. */
import { CalibrationStore } from "../../arm/calibration/store.ts";
import type { LerobotModel } from "../../arm/calibration/tree.ts";
import type { FiledArm } from "../../config/choose-arm.ts";
import { asInvoker } from "../../host/invoker.ts";
import type { Operator } from "../operator.ts";
import { keep, keepAt } from "./keep.ts";

/** What LeRobot takes an arm for. */
export interface LerobotArm {
  readonly model: LerobotModel;
  /** Its id there, where it is another than here. */
  readonly id?: string | undefined;
}

/**
 * Writes the arm's calibration to `to`, a `.json` file or the root of a tree such as LeRobot's; a file that differs is
 * replaced once the person agrees. What is written belongs to whoever called sudo.
 * Throws {@link CalibrationError}, {@link Interrupted}.
 */
export async function exportCalibration(
  arm: FiledArm,
  to: string,
  { model, id = arm.id }: LerobotArm,
  operator: Operator,
): Promise<void> {
  const calibration = new CalibrationStore(arm.calibrationDir).load(arm);
  // Somebody's own files must be theirs, also where sudo was needed to read ours.
  await asInvoker(() =>
    to.endsWith(".json")
      ? keepAt(to, arm, calibration, "this", operator)
      : keep({ role: arm.role, id }, new CalibrationStore(to, model), calibration, "this", operator),
  );
}
