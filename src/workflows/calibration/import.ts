/** Importing a calibration: a file of LeRobot's, or one from anywhere, becomes the arm's. The arm itself is not needed. */
import { existsSync, statSync } from "node:fs";
import { readCalibrationText } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { FiledArm } from "../../config/choose-arm.ts";
import { MAIN_PAIR, pairConfigPath } from "../../config/pairs.ts";
import { command } from "../../messages/audience.ts";
import { list } from "../../messages/list.ts";
import type { Operator } from "../operator.ts";
import { keep } from "./keep.ts";
import { isOfDegrees, lerobotFile } from "./lerobot-files.ts";

/**
 * Takes over the file `from`, or the arm's in the tree of LeRobot's below it; one that differs is replaced once the
 * person agrees. Throws an Error when there is none, or several; {@link CalibrationError}; {@link Interrupted}.
 */
export async function importCalibration(arm: FiledArm, from: string, operator: Operator): Promise<void> {
  const path = isFolder(from) ? lerobotFile(from, arm, operator.audience) : from;
  if (!existsSync(path)) {
    throw new Error(
      `${path} is not there — name the root of LeRobot's calibration files, or one of the files`,
    );
  }
  const name = nameOfArm(arm);
  const { calibration, leftOut } = readCalibrationText(path, arm);
  operator.tell("info", `${name}: importing ${path}`);
  if (leftOut.length > 0) {
    const keys = list(leftOut.map((key) => JSON.stringify(key)));
    operator.tell("warning", `${name}: ${keys} in ${path} is no part of a calibration, and is left out`);
  }
  await keep(arm, new CalibrationStore(arm.calibrationDir), calibration, "the imported", operator);
  if (isOfDegrees(path) && arm.normalisation !== "degrees") tellDegrees(operator);
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

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
