/** Pulling a calibration: what the arm's servos hold becomes its file. The cure for a lost file. */
import * as v from "valibot";
import { type Calibration, calibrationSchema } from "../../arm/calibration/calibration.ts";
import { calibrationInServo } from "../../arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { progressOf } from "../../arm/calibration/unfinished.ts";
import { JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
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
  await withArm(chosen, { access: "read" }, operator, async (arm) => {
    const images = readWholeArm(arm.bus);
    await refuseWrongArm(arm, images, operator);
    const filed = arm.calibrations.loadIfUsable(arm);
    refuseMixed(arm, images, filed, operator);
    const held = heldBy(images, filed);
    refuseUnusable(arm, held, operator);
    await keep(arm, held, "the servos'", operator);
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

function refuseUnusable({ name, role }: OpenArm, held: Calibration, { audience }: Operator): void {
  const calibrate = command(audience, "calibrate", role);
  if (JOINTS.every((joint) => isFactory(held, joint))) {
    throw new Error(`${name}: it was never calibrated — run "${calibrate}"`);
  }
  const result = v.safeParse(calibrationSchema, held);
  if (result.success) return;
  const joints = JOINTS.filter((joint) => result.issues.some(({ path }) => path?.[0]?.key === joint));
  const figures = joints.map((joint) => {
    const { homing_offset, range_min, range_max } = held[joint];
    return `${nameWithId(joint)} has homing_offset ${homing_offset}, range ${range_min} to ${range_max}`;
  });
  throw new Error(
    `${name}: its servos hold no calibration that can be used: ${figures.join("; ")} — run "${calibrate}"`,
  );
}

function isFactory(held: Calibration, joint: JointName): boolean {
  const { homing_offset, range_min, range_max } = held[joint];
  return homing_offset === 0 && range_min === 0 && range_max === 4095;
}
