/** `so101 calibration export`: the arm's file for LeRobot. */
import { Command, Option } from "commander";
import { formatCalibration } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { LEROBOT_MODELS, type LerobotModel, lerobotCalibrationRoot } from "../../arm/calibration/tree.ts";
import type { Role } from "../../arm/joints.ts";
import { chooseFiledArm } from "../../config/choose-arm.ts";
import { absolutePathOf } from "../../config/text.ts";
import { invokersEnvironment } from "../../host/invoker.ts";
import { printLine } from "../../linux/text/stdout.ts";
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
        "another folder of that kind, or to one .json file. With - it is printed. No port is needed.",
    )
    .addArgument(roleArgument())
    .argument(
      "[target]",
      "root of LeRobot's calibration files, a .json file, or - (default: the invoking user's root)",
    )
    .addOption(
      new Option("--robot <model>", "which of LeRobot's robots the arm is there")
        .choices(LEROBOT_MODELS)
        .default("so101" satisfies LerobotModel),
    )
    .option(
      "--lerobot-id <id>",
      "the arm's id there, such as bench_left of a robot with two arms (default: its id here)",
    )
    .action(exportFile);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

interface Options extends ArmOptions {
  readonly robot: LerobotModel;
  readonly lerobotId?: string;
}

function exportFile(
  role: Role,
  target: string | undefined,
  { robot: model, lerobotId: id, ...options }: Options,
): Promise<void> {
  return interruptible(async (signal) => {
    const arm = chooseFiledArm(role, options);
    if (target === "-") {
      printLine(formatCalibration(new CalibrationStore(arm.calibrationDir).load(arm)));
      return;
    }
    const to = absolutePathOf(target ?? lerobotCalibrationRoot(invokersEnvironment()), "the target");
    await exportCalibration(arm, to, { model, id }, operatorFor(options, signal));
  });
}
