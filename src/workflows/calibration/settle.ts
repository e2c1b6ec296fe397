/** Settling a calibration that was cut off while it was written: it is completed, or taken back. */
import { commitCalibration, undoCalibration } from "../../arm/calibration/commit.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { progressOf, type Unfinished } from "../../arm/calibration/unfinished.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { readWholeArm } from "../../arm/servos/read.ts";
import { accessToRelease } from "../../arm/servos/speed-limit.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { type OpenArm, withArm } from "../arm-session.ts";
import { tellDoubts } from "../doubts.ts";
import type { Operator } from "../operator.ts";
import { releaseFirst } from "../release.ts";

/** How it is settled: the rest is written, or the servos get back what they held before. */
export type Settlement = "finish" | "undo";

const settle = {
  finish(arm, { after }, operator) {
    const { written, path, doubts } = commitCalibration(arm, after);
    const { role, id } = arm;
    operator.event({ event: "finished", arm: role, id, registersWritten: written, file: path });
    operator.tell("done", `${arm.name} is calibrated: ${path}`);
    tellDoubts(arm, doubts, operator);
  },
  undo(arm, { before }, operator) {
    const written = undoCalibration(arm, before);
    operator.event({ event: "undone", arm: arm.role, id: arm.id, registersWritten: written });
    operator.tell(
      "done",
      `${arm.name}: the servos hold what they held before (${written} registers written).`,
    );
  },
} satisfies Record<Settlement, (arm: OpenArm, unfinished: Unfinished, operator: Operator) => void>;

/**
 * Settles what was cut off, if anything was. Throws {@link CalibrationError}, {@link Interrupted}, what
 * {@link commitCalibration} and {@link withArm} throw.
 */
export async function settleCalibration(
  how: Settlement,
  chosen: ChosenArm,
  operator: Operator,
): Promise<void> {
  const nothing = { event: "nothing to settle", arm: chosen.role, id: chosen.id };
  const unfinished = new CalibrationStore(chosen.calibrationDir).findUnfinished(chosen);
  if (unfinished === undefined) {
    operator.event(nothing);
    operator.tell("done", `${nameOfArm(chosen)}: no calibration was cut off; there is nothing to ${how}.`);
    return;
  }
  const needs = { access: accessToRelease(chosen.role), purpose: "settle a calibration" };
  await withArm(chosen, needs, operator, async (arm) => {
    const filed = arm.calibrations.loadIfUsable(arm);
    if (progressOf(unfinished, readWholeArm(arm.bus), filed) === "complete") {
      arm.calibrations.forgetUnfinished(arm);
      operator.event(nothing);
      operator.tell("done", `${arm.name}: the calibration had been written completely.`);
      return;
    }
    await releaseFirst(arm, operator);
    settle[how](arm, unfinished, operator);
  });
}
