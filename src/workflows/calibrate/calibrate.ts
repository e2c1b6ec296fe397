/** Calibrating an arm: every joint's middle and range are found, then written to its servos and to its file. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { commitCalibration } from "../../arm/calibration/commit.ts";
import { CalibrationError } from "../../arm/calibration/error.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { idOf, JOINTS, type JointName } from "../../arm/joints.ts";
import { problemOf } from "../../arm/problem-of.ts";
import { accessToRelease } from "../../arm/servos/speed-limit.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { BusError } from "../../feetech/bus-error.ts";
import { sayError, sayProblem } from "../../messages/problems.ts";
import { PortError } from "../../serial/transport.ts";
import { type OpenArm, withArm } from "../arm-session.ts";
import { tellDoubts } from "../doubts.ts";
import { Interrupted } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { releaseFirst } from "../release.ts";
import { examine } from "./examine.ts";
import { findMiddle, type Homing } from "./middle.ts";
import { prepare } from "./prepare.ts";
import { type Range, sweepRanges } from "./ranges.ts";

/** What may be told of a calibration beforehand. */
export interface CalibrationWish {
  /** Only this joint, after its servo was changed; the others stay as their file has them. */
  readonly joint?: JointName | undefined;
  /** The ranges are recorded for so long, instead of until the person is done or nothing moves any more. */
  readonly sweepForS?: number | undefined;
}

/**
 * Calibrates an arm as LeRobot does. Nothing is changed before the end: whatever ends it earlier leaves the calibration
 * as it was, and says so.
 * Throws an Error that says what cannot be right; {@link CalibrationError}; {@link Interrupted}; what {@link withArm} throws.
 */
export async function calibrate(chosen: ChosenArm, wish: CalibrationWish, operator: Operator): Promise<void> {
  const calibrations = new CalibrationStore(chosen.calibrationDir);
  calibrations.checkRoom(chosen);
  // What is calibrated now need not be in order, which is why it is.
  const filed = calibrations.tryLoad(chosen, wish.joint && JOINTS.filter((joint) => joint !== wish.joint));
  if (filed instanceof CalibrationError) {
    if (filed.trouble === "unreadable") throw filed;
    if (wish.joint !== undefined) {
      throw new Error(
        `${sayError(filed, operator.audience)}; to calibrate one joint the others must be calibrated already`,
      );
    }
  }
  const needs = { access: accessToRelease(chosen.role), purpose: `calibrate ${chosen.role}` };
  await withArm(chosen, needs, operator, (arm) => calibrateArm(arm, filed, wish, operator));
}

/** Calibrates an arm that is open; `filed` gives what is not calibrated now. Throws as {@link calibrate}. */
export async function calibrateArm(
  arm: OpenArm,
  filed: Calibration | CalibrationError,
  { joint, sweepForS }: CalibrationWish,
  operator: Operator,
): Promise<void> {
  const joints = joint === undefined ? JOINTS : [joint];
  const calibration = await changingNothing(arm, operator, async () => {
    await examine(arm, joints, filed, operator);
    await releaseFirst(arm, operator);
    prepare(arm);
    const homing = await findMiddle(arm, joints, operator);
    const ranges = await sweepRanges(arm, homing, operator, sweepForS);
    return calibrationOf(homing, ranges, filed);
  });
  operator.tell("info", "Writing the calibration to the servos and to the file …");
  const { path, written, doubts } = commitCalibration(arm, calibration);
  const { role, id } = arm;
  operator.event({
    event: "calibrated",
    arm: role,
    id,
    file: path,
    registersWritten: written,
    calibration,
  });
  const kept = filed instanceof CalibrationError ? "" : " (the one before is kept beside it, as .old)";
  operator.tell("done", `${arm.name} is calibrated: ${path}${kept}`);
  tellDoubts(arm, doubts, operator);
}

/** The joints calibrated now, and the file's others. Which way a joint counts is the person's, and stays. */
function calibrationOf(
  homing: Homing,
  ranges: ReadonlyMap<JointName, Range>,
  filed: Calibration | CalibrationError,
): Calibration {
  const before = filed instanceof CalibrationError ? undefined : filed;
  const joints = JOINTS.map((joint) => {
    const range = ranges.get(joint);
    if (range === undefined) return [joint, before![joint]];
    const drive_mode = before?.[joint].drive_mode ?? 0;
    const homing_offset = homing.get(joint)!.offset;
    return [
      joint,
      { id: idOf(joint), drive_mode, homing_offset, range_min: range.min, range_max: range.max },
    ];
  });
  return Object.fromEntries(joints) as Calibration;
}

/** Does what comes before the first write, and says of whatever ends it that the calibration is as it was. */
async function changingNothing<T>(arm: OpenArm, { audience }: Operator, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Interrupted)
      throw new Interrupted(`${error.message} — ${arm.name}: the calibration is as it was`);
    if (!(error instanceof PortError || error instanceof BusError)) throw error;
    const what =
      error instanceof PortError ? sayProblem(problemOf(error, arm), audience) : sayError(error, audience);
    throw new Error(`${what}; the arm's calibration is as it was; calibrate it again`, { cause: error });
  }
}
