/** `so101 calibration pull`: the servos' calibration into the file. The cure for a lost file. */
import { Command } from "commander";
import * as v from "valibot";
import { type Calibration, calibrationSchema } from "../../arm/calibration/calibration.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { progressOf } from "../../arm/calibration/unfinished.ts";
import { JOINTS, type JointName, nameWithId, type Role } from "../../arm/joints.ts";
import { readWholeArm } from "../../arm/read.ts";
import type { ServoImages } from "../../arm/servo-image.ts";
import { chooseArm } from "../../config/choose-arm.ts";
import { type OpenArm, withArm } from "../../workflows/arm-session.ts";
import { heldBy } from "../../workflows/calibration/both.ts";
import { keep } from "../../workflows/calibration/keep.ts";
import { refuseWrongArm } from "../../workflows/wrong-arm.ts";
import { interruptible } from "../interrupt.ts";
import { dialogueFor } from "../operator/dialogue.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";

/** Makes the command. */
export function pullCommand(): Command {
  const command = new Command("pull")
    .summary("read the servos' calibration into the file")
    .description(
      "Reads the calibration that the servos hold and keeps it as the arm's file: the cure for a lost file, or for an " +
        "arm that was calibrated elsewhere. A file that differs is replaced when you say so, and kept beside it as .old.",
    )
    .addArgument(roleArgument())
    .action(pull);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

function pull(role: Role, options: ArmOptions): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const chosen = chooseArm(role, options);
    new CalibrationStore(chosen.calibrationDir).checkRoom(chosen);
    await withArm(chosen, { access: "read", dialogue, signal }, async (arm) => {
      const images = readWholeArm(arm.bus);
      await refuseWrongArm(arm, images, dialogue);
      const filed = arm.calibrations.loadIfUsable(arm);
      refuseMixed(arm, images, filed);
      const held = heldBy(images, filed);
      refuseUnusable(arm, held);
      await keep(arm, held, "the servos'", dialogue);
    });
  });
}

/** Parts of two calibrations must not become a file. */
function refuseMixed(arm: OpenArm, images: ServoImages, filed: Calibration | undefined): void {
  const unfinished = arm.calibrations.findUnfinished(arm);
  if (unfinished === undefined || progressOf(unfinished, images, filed) !== "partial") return;
  throw new Error(arm.calibrations.explainUnfinished(arm));
}

function refuseUnusable({ name, role }: OpenArm, held: Calibration): void {
  if (JOINTS.every((joint) => isFactory(held, joint))) {
    throw new Error(`${name}: it was never calibrated — run "so101 calibrate ${role}"`);
  }
  const result = v.safeParse(calibrationSchema, held);
  if (result.success) return;
  const joints = JOINTS.filter((joint) => result.issues.some(({ path }) => path?.[0]?.key === joint));
  const figures = joints.map((joint) => {
    const { homing_offset, range_min, range_max } = held[joint];
    return `${nameWithId(joint)} has homing_offset ${homing_offset}, range ${range_min} to ${range_max}`;
  });
  throw new Error(
    `${name}: its servos hold no calibration that can be used: ${figures.join("; ")} — run "so101 calibrate ${role}"`,
  );
}

function isFactory(held: Calibration, joint: JointName): boolean {
  const { homing_offset, range_min, range_max } = held[joint];
  return homing_offset === 0 && range_min === 0 && range_max === 4095;
}
