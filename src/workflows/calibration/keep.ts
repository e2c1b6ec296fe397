/** Keeping a calibration in a file, once the person agrees that it may replace what is there. */
import { type Calibration, calibrationOrError } from "../../arm/calibration/calibration.ts";
import { CalibrationError } from "../../arm/calibration/error.ts";
import { readCalibration, replaceCalibration, type Saved } from "../../arm/calibration/files/file.ts";
import type { CalibrationStore } from "../../arm/calibration/store.ts";
import { type ArmIdentity, nameOfArm } from "../../arm/identity.ts";
import { OddFileError } from "../../linux/guarded/odd-file.ts";
import { tellDoubts } from "../doubts.ts";
import { Interrupted } from "../errors.ts";
import type { Operator } from "../operator.ts";

/**
 * Keeps a calibration as the arm's file among `calibrations`, unless that says the same already. `whose` says
 * which calibration it is: `the servos'`. Throws {@link CalibrationError} "unwritable"; {@link Interrupted} when the
 * person wants the old one.
 */
export async function keep(
  arm: ArmIdentity,
  calibrations: CalibrationStore,
  calibration: Calibration,
  whose: string,
  operator: Operator,
): Promise<void> {
  await replace(arm, calibrations.tryLoad(arm), calibration, whose, operator, () =>
    calibrations.save(arm, calibration),
  );
}

/** The same for a file that is named. */
export async function keepAt(
  path: string,
  arm: ArmIdentity,
  calibration: Calibration,
  whose: string,
  operator: Operator,
): Promise<void> {
  await replace(
    arm,
    calibrationOrError(() => readCalibration(path)),
    calibration,
    whose,
    operator,
    () => replaceCalibration(path, calibration),
  );
}

async function replace(
  arm: ArmIdentity,
  before: Calibration | CalibrationError,
  calibration: Calibration,
  whose: string,
  operator: Operator,
  save: () => Saved,
): Promise<void> {
  const name = nameOfArm(arm);
  const isThere = !(before instanceof CalibrationError && before.trouble === "missing");
  const isSame = Bun.deepEquals(before, calibration);
  // What is read by nobody, such as a link, is replaced without being kept.
  const odd = before instanceof CalibrationError && before.cause instanceof OddFileError ? before : undefined;
  if (isThere && !isSame) {
    const question =
      odd === undefined
        ? `${name} has a calibration file that differs. Replace it by ${whose} calibration? The file is kept as .old`
        : `${name}: ${odd.message}. Replace it by ${whose} calibration? It is not kept`;
    if (!(await operator.ask(question))) throw new Interrupted(`${name}: the file is as it was`);
  }
  const { path: file, doubts } = save();
  operator.event({ event: "saved", arm: arm.role, id: arm.id, file, changed: !isSame, calibration });
  const kept = isThere && odd === undefined ? "; the one before is kept as .old" : "";
  operator.tell(
    "done",
    isSame
      ? `${name}: ${file} says the same already.`
      : `${name}: ${whose} calibration is in ${file}${kept}.`,
  );
  tellDoubts(arm, doubts, operator);
}
