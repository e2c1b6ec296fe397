/** `so101 calibration finish` and `undo`: what becomes of a calibration that was cut off while it was written. */
import { Command } from "commander";
import { commitCalibration, undoCalibration } from "../../arm/calibration/commit.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { progressOf, type Unfinished } from "../../arm/calibration/unfinished.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { Role } from "../../arm/joints.ts";
import { readWholeArm } from "../../arm/read.ts";
import { chooseArm } from "../../config/choose-arm.ts";
import { type OpenArm, withArm } from "../../workflows/arm-session.ts";
import { letDown } from "../../workflows/release.ts";
import { interruptible } from "../interrupt.ts";
import { type Dialogue, dialogueFor } from "../operator/dialogue.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";

/** Makes the command that completes it. */
export function finishCommand(): Command {
  return settleCommand(
    "finish",
    "complete a calibration that was cut off while it was written",
    "Writes the rest of a calibration that was cut off (by a loss of power, or a kill) while it was written to an arm.",
    (arm, { after }, dialogue) => {
      const { written, path } = commitCalibration(arm, after);
      dialogue.event({ event: "finished", arm: arm.role, id: arm.id, registersWritten: written, file: path });
      dialogue.done(`${arm.name} is calibrated: ${path}`);
    },
  );
}

/** Makes the command that takes it back. */
export function undoCommand(): Command {
  return settleCommand(
    "undo",
    "take back a calibration that was cut off while it was written",
    "Gives the servos back what they held before a calibration that was cut off (by a loss of power, or a kill) while " +
      "it was written to them.",
    (arm, { before }, dialogue) => {
      const written = undoCalibration(arm, before);
      dialogue.event({ event: "undone", arm: arm.role, id: arm.id, registersWritten: written });
      dialogue.done(`${arm.name}: the servos hold what they held before (${written} registers written).`);
    },
  );
}

function settleCommand(
  name: string,
  summary: string,
  description: string,
  settle: (arm: OpenArm, unfinished: Unfinished, dialogue: Dialogue) => void,
): Command {
  const command = new Command(name)
    .summary(summary)
    .description(description)
    .addArgument(roleArgument())
    .action((role: Role, options: ArmOptions) =>
      interruptible(async (signal) => {
        const dialogue = dialogueFor(options, signal);
        const chosen = chooseArm(role, options);
        const { id } = chosen;
        const unfinished = new CalibrationStore(chosen.calibrationDir).findUnfinished(chosen);
        if (unfinished === undefined) {
          dialogue.event({ event: "nothing to settle", arm: role, id });
          dialogue.done(`${nameOfArm(chosen)}: no calibration was cut off; there is nothing to ${name}.`);
          return;
        }
        await withArm(chosen, { access: "torque off", dialogue, signal }, async (arm) => {
          const filed = arm.calibrations.loadIfUsable(arm);
          if (progressOf(unfinished, readWholeArm(arm.bus), filed) === "complete") {
            arm.calibrations.forgetUnfinished(arm);
            dialogue.event({ event: "nothing to settle", arm: role, id });
            dialogue.done(`${arm.name}: the calibration had been written completely.`);
            return;
          }
          await letDown(arm, dialogue);
          settle(arm, unfinished, dialogue);
        });
      }),
    );
  return addJsonOption(addYesOption(addArmOptions(command)));
}
