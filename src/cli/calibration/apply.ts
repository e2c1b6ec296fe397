/** `so101 calibration apply`: the file's calibration into the servos. */
import { Command } from "commander";
import type { Role } from "../../arm/joints.ts";
import { applyCalibration } from "../../workflows/calibration/apply.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";
import { withChosenArm } from "../with-chosen-arm.ts";

/** Makes the command. */
export function applyCommand(): Command {
  const command = new Command("apply")
    .summary("write the file's calibration into the servos")
    .description(
      "Writes what the arm's calibration file says into its servos, where they differ, and verifies it. " +
        "When it fails the servos get back what they held.",
    )
    .addArgument(roleArgument())
    .action((role: Role, options: ArmOptions) => withChosenArm(role, options, applyCalibration));
  return addJsonOption(addYesOption(addArmOptions(command)));
}
