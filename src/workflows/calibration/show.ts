/** An arm's calibration as its file and its servos have it. */

import type { Calibration } from "../../arm/calibration/calibration.ts";
import { CalibrationError } from "../../arm/calibration/error.ts";
import { differencesOf } from "../../arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { readArm } from "../../arm/servos/read.ts";
import type { ServoImages } from "../../arm/servos/servo-image.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { sayError, sayProblem } from "../../messages/problems.ts";
import { withArm } from "../arm-session.ts";
import { Interrupted } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { type ToldDifference, toldDifferences } from "./differences.ts";

/** Both, as far as they can be had. */
export interface BothCalibrations {
  readonly arm: ChosenArm;
  /** The file and what it says; undefined when it cannot be used. */
  readonly file: { readonly path: string; readonly calibration: Calibration } | undefined;
  /** What the servos hold; undefined when none answers. */
  readonly images: ServoImages | undefined;
  /** Where the two differ. */
  readonly differences: readonly ToldDifference[];
  /** Why one of them cannot be had. */
  readonly problems: readonly string[];
  /** Where a calibration was cut off while it was written, what to say of that. */
  readonly unfinished: string | undefined;
}

/** Reads both; nothing is changed. Throws {@link Interrupted} alone. */
export async function readBoth(arm: ChosenArm, operator: Operator): Promise<BothCalibrations> {
  const calibrations = new CalibrationStore(arm.calibrationDir);
  const calibration = calibrations.tryLoad(arm);
  const problems: string[] = [];
  if (calibration instanceof CalibrationError) problems.push(sayError(calibration, operator.audience));
  const file =
    calibration instanceof CalibrationError ? undefined : { path: calibrations.find(arm), calibration };
  let images: ServoImages | undefined;
  try {
    await withArm(arm, { access: "read", servos: "any" }, operator, async ({ bus, problem }) => {
      const read = readArm(bus);
      if (problem !== undefined && read.images.every((image) => image === null)) {
        throw new Error(sayProblem(problem, operator.audience));
      }
      images = read.images;
    });
  } catch (error) {
    if (error instanceof Interrupted && operator.signal.aborted) throw error;
    problems.push(sayError(error, operator.audience));
  }
  const unfinished = calibrations.unfinishedProblem(arm);
  return {
    arm,
    file,
    images,
    differences:
      file === undefined || images === undefined
        ? []
        : toldDifferences(differencesOf(images, file.calibration)),
    problems,
    unfinished: unfinished && sayProblem(unfinished, operator.audience),
  };
}
