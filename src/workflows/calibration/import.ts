/** Importing a calibration: a file of LeRobot's, or one from anywhere, becomes the arm's. The arm itself is not needed. */
import { realpathSync, statSync } from "node:fs";
import { type CalibrationText, parseCalibrationBytes } from "../../arm/calibration/calibration.ts";
import { CalibrationError } from "../../arm/calibration/error.ts";
import { readCalibrationText } from "../../arm/calibration/files/file.ts";
import { readTreeFile } from "../../arm/calibration/files/tree-file.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { FiledArm } from "../../config/choose-arm.ts";
import { MAIN_PAIR, pairConfigPath } from "../../config/pairs.ts";
import { command } from "../../messages/audience.ts";
import { list } from "../../messages/list.ts";
import type { Operator } from "../operator.ts";
import { readAsInvoker } from "./as-invoker.ts";
import { keep } from "./keep.ts";
import { isOfDegrees, lerobotFile } from "./lerobot-files.ts";

/**
 * Takes over the file `from`, or the arm's in the tree of LeRobot's below it; one that differs is replaced once the
 * person agrees. Throws an Error when there is none, or several; {@link CalibrationError}; {@link Interrupted}.
 */
export async function importCalibration(arm: FiledArm, from: string, operator: Operator): Promise<void> {
  // A file of the person's own: what that person may not read is nothing that root should make one of the arm's.
  const source = await readAsInvoker(from, () => readSource(arm, from, operator));
  await takeOver(arm, source, operator);
}

/** A file that was handed over: what it is called, and what is in it. */
export interface HandedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * Takes over a file that was handed over, as {@link importCalibration} does one of this machine.
 * Throws {@link CalibrationError}; {@link Interrupted}.
 */
export async function importCalibrationFile(
  arm: FiledArm,
  { path, bytes }: HandedFile,
  operator: Operator,
): Promise<void> {
  await takeOver(arm, { path, ofDegrees: false, ...parseCalibrationBytes(bytes, path, arm) }, operator);
}

async function takeOver(
  arm: FiledArm,
  { path, ofDegrees, calibration, leftOut }: Source,
  operator: Operator,
): Promise<void> {
  const name = nameOfArm(arm);
  operator.tell("info", `${name}: importing ${path}`);
  if (leftOut.length > 0) {
    const keys = list(leftOut.map((key) => JSON.stringify(key)));
    operator.tell("warning", `${name}: ${keys} in ${path} is no part of a calibration, and is left out`);
  }
  await keep(arm, new CalibrationStore(arm.calibrationDir), calibration, "the imported", operator);
  if (ofDegrees && arm.normalisation !== "degrees") tellDegrees(operator);
  const check = command(operator.audience, "calibration check", arm.role);
  operator.tell("info", `Whether the arm agrees is told by "${check}".`);
}

/** The user's LeRobot turns the follower by the leader's angles, and ours, unless told otherwise, by shares of ranges. */
function tellDegrees(operator: Operator): void {
  const { pair, config } = operator.audience;
  const file = config ?? pairConfigPath(pair ?? MAIN_PAIR);
  operator.tell(
    "info",
    "The file is of LeRobot 0.4.3 or later; from 0.4.4 on it works in degrees. To have the same motions here, set " +
      `normalisation = "degrees" under [teleoperation] in ${file}.`,
  );
}

/** What is imported. */
interface Source extends CalibrationText {
  readonly path: string;
  /** Whether it is of a LeRobot that works in degrees. */
  readonly ofDegrees: boolean;
}

function readSource(arm: FiledArm, from: string, { audience }: Operator): Source {
  if (isFolder(from)) {
    const file = lerobotFile(from, arm, audience);
    return { path: file.path, ofDegrees: isOfDegrees(file.realPath), ...readTreeFile(file, arm) };
  }
  try {
    const text = readCalibrationText(from, arm);
    return { path: from, ofDegrees: isOfDegrees(realpathSync(from)), ...text };
  } catch (error) {
    if (!(error instanceof CalibrationError && error.trouble === "missing")) throw error;
    throw new Error(
      `${from} is not there — name the root of LeRobot's calibration files, or one of the files`,
    );
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
