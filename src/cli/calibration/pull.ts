/** `so101 calibration pull`: the servos' calibration into the file. The cure for a lost file. */
import { Command } from "commander";
import type { Role } from "../../arm/joints.ts";
import { pullCalibration } from "../../workflows/calibration/pull.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";
import { withChosenArm } from "../with-chosen-arm.ts";

/** Makes the command. */
export function pullCommand(): Command {
  const command = new Command("pull")
    .summary("read the servos' calibration into the file")
    .description(
      "Reads the calibration that the servos hold and keeps it as the arm's file: the cure for a lost file, or for an " +
        "arm that was calibrated elsewhere. A file that differs is replaced when you say so, and kept beside it as .old.",
    )
    .addArgument(roleArgument())
    .action((role: Role, options: ArmOptions) => withChosenArm(role, options, pullCalibration));
  return addJsonOption(addYesOption(addArmOptions(command)));
}
