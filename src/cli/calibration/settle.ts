/** `so101 calibration finish` and `undo`: what becomes of a calibration that was cut off while it was written. */
import { Command } from "commander";
import type { Role } from "../../arm/joints.ts";
import { type Settlement, settleCalibration } from "../../workflows/calibration/settle.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";
import { withChosenArm } from "../with-chosen-arm.ts";

const cutOff = "a calibration that was cut off (by a loss of power, or a kill) while it was written";

/** Makes the command that completes it. */
export function finishCommand(): Command {
  return settleCommand(
    "finish",
    "complete a calibration that was cut off while it was written",
    `Writes the rest of ${cutOff} to an arm.`,
  );
}

/** Makes the command that takes it back. */
export function undoCommand(): Command {
  return settleCommand(
    "undo",
    "take back a calibration that was cut off while it was written",
    `Gives the servos back what they held before ${cutOff} to them.`,
  );
}

function settleCommand(how: Settlement, summary: string, description: string): Command {
  const command = new Command(how)
    .summary(summary)
    .description(description)
    .addArgument(roleArgument())
    .action((role: Role, options: ArmOptions) =>
      withChosenArm(role, options, (arm, operator) => settleCalibration(how, arm, operator)),
    );
  return addJsonOption(addYesOption(addArmOptions(command)));
}
