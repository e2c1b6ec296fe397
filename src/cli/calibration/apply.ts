/** `so101 calibration apply`: the file's calibration into the servos. */
import { Command } from "commander";
import { commitCalibration } from "../../arm/calibration/commit.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import type { Role } from "../../arm/joints.ts";
import { readWholeArm } from "../../arm/read.ts";
import { chooseArm } from "../../config/choose-arm.ts";
import { withArm } from "../../workflows/arm-session.ts";
import { describeChanges, differencesOf } from "../../workflows/calibration/both.ts";
import { Interrupted } from "../../workflows/errors.ts";
import { letDown } from "../../workflows/release.ts";
import { refuseWrongArm } from "../../workflows/wrong-arm.ts";
import { interruptible } from "../interrupt.ts";
import { dialogueFor } from "../operator/dialogue.ts";
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
    .action(apply);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

function apply(role: Role, options: ArmOptions): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const chosen = chooseArm(role, options);
    const calibration = new CalibrationStore(chosen.calibrationDir).load(chosen);
    await withArm(chosen, { access: "torque off", dialogue, signal }, async (arm) => {
      const images = readWholeArm(arm.bus);
      await refuseWrongArm(arm, images, dialogue);
      const differences = differencesOf(images, calibration);
      if (differences.length > 0) {
        dialogue.say(`${arm.name}: to be written into the servos:\n${describeChanges(differences)}`);
        if (!(await dialogue.confirm("Write it?"))) throw new Interrupted(`${arm.name}: nothing was changed`);
        await letDown(arm, dialogue);
      }
      const { written } = commitCalibration(arm, calibration);
      dialogue.event({ event: "applied", arm: role, id: arm.id, registersWritten: written, differences });
      if (written === 0) dialogue.done(`${arm.name}: the servos hold the file's calibration already.`);
      else
        dialogue.done(`${arm.name}: the servos hold the file's calibration (${written} registers written).`);
    });
  });
}
