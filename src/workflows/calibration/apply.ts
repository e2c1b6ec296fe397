/** Applying a calibration: what the arm's file says goes into its servos. */

import { commitCalibration } from "../../arm/calibration/commit.ts";
import { differencesOf } from "../../arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { readWholeArm } from "../../arm/servos/read.ts";
import { accessToRelease } from "../../arm/servos/speed-limit.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { withArm } from "../arm-session.ts";
import { tellDoubts } from "../doubts.ts";
import { Interrupted } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { releaseFirst } from "../release.ts";
import { refuseWrongArm } from "../scrutiny.ts";
import { describeChanges, toldDifferences } from "./differences.ts";

/**
 * Writes what the arm's file says into its servos, where they differ, once the person agrees.
 * Throws {@link CalibrationError}, {@link Interrupted}, what {@link commitCalibration} and {@link withArm} throw.
 */
export async function applyCalibration(chosen: ChosenArm, operator: Operator): Promise<void> {
  const calibration = new CalibrationStore(chosen.calibrationDir).load(chosen);
  const needs = { access: accessToRelease(chosen.role), purpose: "apply a calibration" };
  await withArm(chosen, needs, operator, async (arm) => {
    const images = readWholeArm(arm.bus);
    await refuseWrongArm(arm, images, operator);
    const differences = differencesOf(images, calibration);
    if (differences.length > 0) {
      operator.tell("info", `${arm.name}: to be written into the servos:\n${describeChanges(differences)}`);
      if (!(await operator.ask("Write it?"))) throw new Interrupted(`${arm.name}: nothing was changed`);
      await releaseFirst(arm, operator);
    }
    const { written, doubts } = commitCalibration(arm, calibration);
    const { role, id } = arm;
    operator.event({
      event: "applied",
      arm: role,
      id,
      registersWritten: written,
      differences: toldDifferences(differences),
    });
    operator.tell(
      "done",
      written === 0
        ? `${arm.name}: the servos hold the file's calibration already.`
        : `${arm.name}: the servos hold the file's calibration (${written} registers written).`,
    );
    tellDoubts(arm, doubts, operator);
  });
}
