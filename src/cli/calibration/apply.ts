/** `so101 calibration apply`: the file's calibration into the servos. */
import { Command } from "commander";
import type { Role } from "../../arm/joints.ts";
import { chooseArm } from "../../config/choose-arm.ts";
import { applyCalibration } from "../../workflows/calibration/apply.ts";
import { interruptible } from "../interrupt.ts";
import { operatorFor } from "../operator/operator-for.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";

/** Makes the command. */
export function applyCommand(): Command {
  const command = new Command("apply")
    .summary("write the file's calibration into the servos")
    .description(
      "Writes what the arm's calibration file says into its servos, where they differ, and verifies it. " +
        "When it fails the servos get back what they held.",
    )
    .addArgument(roleArgument())
    .action((role: Role, options: ArmOptions) =>
      interruptible((signal) => applyCalibration(chooseArm(role, options), operatorFor(options, signal))),
    );
  return addJsonOption(addYesOption(addArmOptions(command)));
}
