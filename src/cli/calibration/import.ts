/** `so101 calibration import`: a calibration of LeRobot's, or one from anywhere, as the arm's file. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { readCalibration } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { lerobotCalibrationRoot } from "../../arm/calibration/tree.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { Role } from "../../arm/joints.ts";
import { type ChosenArm, chooseArm } from "../../config/choose-arm.ts";
import { invokersEnvironment } from "../../host/invoker.ts";
import { keep } from "../../workflows/calibration/keep.ts";
import { interruptible } from "../interrupt.ts";
import { dialogueFor } from "../operator/dialogue.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";

/** Makes the command. */
export function importCommand(): Command {
  const command = new Command("import")
    .summary("take over LeRobot's calibration file")
    .description(
      "Takes over a calibration file, from LeRobot's own folder unless another folder or a file is named. In a folder " +
        "the file of the arm's id is taken, or the only one there is for such an arm. The arm itself is not needed.",
    )
    .addArgument(roleArgument())
    .argument("[source]", "root of LeRobot's calibration files, or one file (default: the invoking user's)")
    .addHelpText(
      "after",
      `
Examples:
  so101 calibration import leader
  so101 calibration import follower ~/.cache/huggingface/lerobot/calibration
  so101 calibration import follower red_sting.json`,
    )
    .action(importFile);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

function importFile(role: Role, source: string | undefined, options: ArmOptions): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const arm = chooseArm(role, options);
    const from = source === undefined ? lerobotCalibrationRoot(invokersEnvironment()) : resolve(source);
    const path = isFolder(from) ? fileIn(from, arm) : from;
    if (!existsSync(path)) {
      throw new Error(
        `${path} is not there — name the root of LeRobot's calibration files, or one of the files`,
      );
    }
    const calibration = readCalibration(path);
    dialogue.say(`${nameOfArm(arm)}: importing ${path}`);
    await keep(arm, calibration, "the imported", dialogue);
    dialogue.say(`Whether the arm agrees is told by "so101 calibration check ${role}".`);
  });
}

/** The file of an arm in LeRobot's tree: by its id, or the only one of its role. Throws when there is none, or several. */
function fileIn(folder: string, arm: ChosenArm): string {
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
  const commands = ids.map(
    (one) => `so101 calibration import ${role} ${calibrations.find({ role, id: one })}`,
  );
  throw new Error(
    `${nameOfArm(arm)}: none of the calibrations in ${folder} is of that id — say which:\n  ${commands.join("\n  ")}`,
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
