/** `so101 calibration import`: a calibration of LeRobot's, or one from anywhere, as the arm's file. */
import { Command } from "commander";
import { lerobotCalibrationRoot } from "../../arm/calibration/tree.ts";
import type { Role } from "../../arm/joints.ts";
import { chooseFiledArm } from "../../config/choose-arm.ts";
import { absolutePathOf } from "../../config/text.ts";
import { invokersEnvironment } from "../../host/invoker.ts";
import { importCalibration } from "../../workflows/calibration/import.ts";
import { interruptible } from "../interrupt.ts";
import { operatorFor } from "../operator/operator-for.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";

/** Makes the command. */
export function importCommand(): Command {
  const command = new Command("import")
    .summary("take over LeRobot's calibration file")
    .description(
      "Takes over a calibration file, from LeRobot's own folder unless another folder or a file is named. In a folder " +
        "(an SO-100's or an SO-101's, of any LeRobot) the file of the arm's id is taken; for the pairs left and right " +
        "that of their side of a robot with two arms; or the only one there is for such an arm. No port is needed.",
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
  const from = absolutePathOf(source ?? lerobotCalibrationRoot(invokersEnvironment()), "the source");
  return interruptible((signal) =>
    importCalibration(chooseFiledArm(role, options), from, operatorFor(options, signal)),
  );
}
