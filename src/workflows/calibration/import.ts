/** Importing a calibration: a file of LeRobot's, or one from anywhere, becomes the arm's. The arm itself is not needed. */
import { existsSync, statSync } from "node:fs";
import { readCalibration } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { command } from "../../messages/audience.ts";
import type { Operator } from "../operator.ts";
import { keep } from "./keep.ts";

/**
 * Takes over the file `from`, or the arm's in the tree of LeRobot's below it; one that differs is replaced once the
 * person agrees. Throws an Error when there is none, or several; {@link CalibrationError}; {@link Interrupted}.
 */
export async function importCalibration(arm: ChosenArm, from: string, operator: Operator): Promise<void> {
  const path = isFolder(from) ? fileIn(from, arm, operator) : from;
  if (!existsSync(path)) {
    throw new Error(
      `${path} is not there — name the root of LeRobot's calibration files, or one of the files`,
    );
  }
  const calibration = readCalibration(path);
  operator.tell("info", `${nameOfArm(arm)}: importing ${path}`);
  await keep(arm, calibration, "the imported", operator);
  const check = command(operator.audience, "calibration check", arm.role);
  operator.tell("info", `Whether the arm agrees is told by "${check}".`);
}

/** The file of an arm in LeRobot's tree: by its id, or the only one of its role. Throws when there is none, or several. */
function fileIn(folder: string, arm: ChosenArm, { audience }: Operator): string {
  const { role, id } = arm;
  const calibrations = new CalibrationStore(folder);
  const ids = calibrations.savedIds(role);
  if (ids.includes(id)) return calibrations.find(arm);
  const [only, ...others] = ids;
  if (only === undefined) {
    throw new Error(
      `${nameOfArm(arm)}: no ${role}'s calibration in ${folder} — name another folder, or the file itself`,
    );
  }
  if (others.length === 0) return calibrations.find({ role, id: only });
  const commands = ids.map((one) =>
    command(audience, "calibration import", role, calibrations.find({ role, id: one })),
  );
  throw new Error(
    `${nameOfArm(arm)}: none of the calibrations in ${folder} is of that id — say which:\n  ${commands.join("\n  ")}`,
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
