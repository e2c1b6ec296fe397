/** `so101 calibration export`: the arm's file for LeRobot. */
import { resolve } from "node:path";
import { Command } from "commander";
import { formatCalibration } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { lerobotCalibrationRoot } from "../../arm/calibration/tree.ts";
import type { Role } from "../../arm/joints.ts";
import { chooseArm } from "../../config/choose-arm.ts";
import { invokersEnvironment } from "../../host/invoker.ts";
import { printLine } from "../../linux/stdout.ts";
import { exportCalibration } from "../../workflows/calibration/export.ts";
import { interruptible } from "../interrupt.ts";
import { operatorFor } from "../operator/operator-for.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";

/** Makes the command. */
export function exportCommand(): Command {
  const command = new Command("export")
    .summary("give the arm's calibration file to LeRobot")
    .description(
      "Writes the arm's calibration file where LeRobot looks for it, by the names of both of its generations; or into " +
        "another folder of that kind, or to one .json file. With - it is printed.",
    )
    .addArgument(roleArgument())
    .argument(
      "[target]",
      "root of LeRobot's calibration files, a .json file, or - (default: the invoking user's root)",
    )
    .action(exportFile);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

function exportFile(role: Role, target: string | undefined, options: ArmOptions): Promise<void> {
  return interruptible(async (signal) => {
    const arm = chooseArm(role, options);
    if (target === "-") {
      printLine(formatCalibration(new CalibrationStore(arm.calibrationDir).load(arm)));
      return;
    }
    const to = target === undefined ? lerobotCalibrationRoot(invokersEnvironment()) : resolve(target);
    await exportCalibration(arm, to, operatorFor(options, signal));
  });
}
