/** Keeping a calibration in a file, once the person agrees that it may replace what is there. */
import {
  type Calibration,
  CalibrationError,
  calibrationOrError,
  readCalibration,
  replaceCalibration,
} from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { Dialogue } from "../../cli/operator/dialogue.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { Interrupted } from "../errors.ts";

/**
 * Keeps a calibration as the arm's file below its calibration folder, unless that says the same already. `whose` says
 * which calibration it is: `the servos'`. Throws {@link CalibrationError} "unwritable"; {@link Interrupted} when the
 * person wants the old one.
 */
export async function keep(
  arm: ChosenArm,
  calibration: Calibration,
  whose: string,
  dialogue: Dialogue,
): Promise<void> {
  const calibrations = new CalibrationStore(arm.calibrationDir);
  await replace(arm, calibrations.tryLoad(arm), calibration, whose, dialogue, () =>
    calibrations.save(arm, calibration),
  );
}

/** The same for a file that is named. */
export async function keepAt(
  path: string,
  arm: ChosenArm,
  calibration: Calibration,
  whose: string,
  dialogue: Dialogue,
): Promise<void> {
  await replace(
    arm,
    calibrationOrError(() => readCalibration(path)),
    calibration,
    whose,
    dialogue,
    () => {
      replaceCalibration(path, calibration);
      return path;
    },
  );
}

async function replace(
  arm: ChosenArm,
  before: Calibration | CalibrationError,
  calibration: Calibration,
  whose: string,
  dialogue: Dialogue,
  save: () => string,
): Promise<void> {
  const name = nameOfArm(arm);
  const isThere = !(before instanceof CalibrationError && before.trouble === "missing");
  const isSame = Bun.deepEquals(before, calibration);
  if (isThere && !isSame) {
    const question = `${name} has a calibration file that differs. Replace it by ${whose} calibration? The file is kept as .old`;
    if (!(await dialogue.confirm(question))) throw new Interrupted(`${name}: the file is as it was`);
  }
  const file = save();
  dialogue.event({ event: "saved", arm: arm.role, id: arm.id, file, changed: !isSame, calibration });
  if (isSame) dialogue.done(`${name}: ${file} says the same already.`);
  else
    dialogue.done(
      `${name}: ${whose} calibration is in ${file}${isThere ? "; the one before is kept as .old" : ""}.`,
    );
}
