/** How far the setting up of an arm's servos has come, kept beside its calibration so that it can be gone on with. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { unwritable } from "../../arm/calibration/calibration.ts";
import { makeCalibrationFolder, pathBeside } from "../../arm/calibration/tree.ts";
import { JOINTS, type JointName } from "../../arm/joints.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { removeFile, replaceFile } from "../../linux/files.ts";

const VERSION = 1;
const schema = v.strictObject({ version: v.literal(VERSION), done: v.array(v.picklist(JOINTS)) });

/** Not `.json`: programs take every such file in the folder for a calibration. */
const pathOf = ({ calibrationDir, role, id }: ChosenArm) =>
  pathBeside(calibrationDir, role, id, ".setup-motors");

/** The joints that were set up; none when nothing was begun, or what was kept cannot be read. */
export function readProgress(arm: ChosenArm): JointName[] {
  try {
    return v.parse(schema, JSON.parse(readFileSync(pathOf(arm), "utf8"))).done;
  } catch {
    return []; // then every joint is asked for again, which costs a minute and changes nothing
  }
}

/** Keeps the joints that are set up. Throws {@link CalibrationError} "unwritable". */
export function keepProgress(arm: ChosenArm, done: readonly JointName[]): void {
  makeCalibrationFolder(arm.calibrationDir, arm.role, arm.id);
  try {
    replaceFile(pathOf(arm), JSON.stringify({ version: VERSION, done }));
  } catch (cause) {
    throw unwritable(pathOf(arm), cause);
  }
}

/** Forgets it: the arm is set up, or is to be set up anew. Throws {@link CalibrationError} "unwritable". */
export function forgetProgress(arm: ChosenArm): void {
  makeCalibrationFolder(arm.calibrationDir, arm.role, arm.id);
  try {
    removeFile(pathOf(arm));
  } catch (cause) {
    throw unwritable(pathOf(arm), cause);
  }
}
