/** Pulling a calibration: what the arm's servos hold becomes its file. The cure for a lost file. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { flawsOf, isPlaceholder, whyNoCalibration } from "../../arm/calibration/flaws.ts";
import { calibrationInServo } from "../../arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { progressOf } from "../../arm/calibration/unfinished.ts";
import { JOINTS, nameWithId } from "../../arm/joints.ts";
import { readWholeArm } from "../../arm/servos/read.ts";
import type { ServoImage, ServoImages } from "../../arm/servos/servo-image.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { command } from "../../messages/audience.ts";
import { sayProblem } from "../../messages/problems.ts";
import { type OpenArm, withArm } from "../arm-session.ts";
import type { Operator } from "../operator.ts";
import { refuseWrongArm } from "../scrutiny.ts";
import { keep } from "./keep.ts";

/**
 * Keeps the calibration that the servos hold as the arm's file; one that differs is replaced once the person agrees.
 * Throws an Error when the servos hold none that can be used; {@link CalibrationError}; {@link Interrupted}; what
 * {@link withArm} throws.
 */
export async function pullCalibration(chosen: ChosenArm, operator: Operator): Promise<void> {
  new CalibrationStore(chosen.calibrationDir).checkRoom(chosen);
  await withArm(chosen, { access: "read", purpose: "pull a calibration" }, operator, async (arm) => {
    const images = readWholeArm(arm.bus);
    await refuseWrongArm(arm, images, operator);
    const filed = arm.calibrations.loadIfUsable(arm);
    refuseMixed(arm, images, filed, operator);
    const held = heldBy(images, filed);
    refuseUnusable(arm, held, filed, operator);
    await keep(arm, arm.calibrations, held, "the servos'", operator);
  });
}

/** What servos hold; which way a joint counts is in files only. */
function heldBy(images: readonly ServoImage[], filed: Calibration | undefined): Calibration {
  const joints = JOINTS.map((joint, index) => {
    const held = calibrationInServo(joint, images[index]!);
    return [joint, { ...held, drive_mode: filed?.[joint].drive_mode ?? held.drive_mode }];
  });
  return Object.fromEntries(joints) as Calibration;
}

/** Parts of two calibrations must not become a file. */
function refuseMixed(
  arm: OpenArm,
  images: ServoImages,
  filed: Calibration | undefined,
  { audience }: Operator,
): void {
  const unfinished = arm.calibrations.findUnfinished(arm);
  if (unfinished === undefined || progressOf(unfinished, images, filed) !== "partial") return;
  const problem = arm.calibrations.unfinishedProblem(arm);
  if (problem !== undefined) throw new Error(sayProblem(problem, audience));
}

/** What cannot be a calibration must not become a file, least of all in the place of a good one. */
function refuseUnusable(
  { name, role, calibrations, ...arm }: OpenArm,
  held: Calibration,
  filed: Calibration | undefined,
  { audience }: Operator,
): void {
  const why = whyNoCalibration(held);
  if (why === undefined) return;
  const calibrate = `run "${command(audience, "calibrate", role)}"`;
  const what = isPlaceholder(held)
    ? `${name}: it was never calibrated`
    : `${name}: its servos hold no calibration that can be used: ${figuresOf(held)} — ${why}`;
  if (filed === undefined) throw new Error(`${what} — ${calibrate}`);
  const path = calibrations.find({ role, id: arm.id });
  throw new Error(
    `${what} — its file ${path} is a calibration, and stays as it is: write it into the arm with ` +
      `"${command(audience, "calibration apply", role)}", or ${calibrate}`,
  );
}

function figuresOf(held: Calibration): string {
  const joints = flawsOf(held).map(({ joint }) => joint);
  const figures = joints.map((joint) => {
    const { homing_offset, range_min, range_max } = held[joint];
    return `${nameWithId(joint)} has homing_offset ${homing_offset}, range ${range_min} to ${range_max}`;
  });
  return figures.join("; ");
}
