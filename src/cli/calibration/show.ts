/** `so101 calibration show`: file and servos side by side. */
import { styleText } from "node:util";
import { Command } from "commander";
import { type Calibration, CalibrationError } from "../../arm/calibration/calibration.ts";
import { calibrationInServo, calibrationRegisters } from "../../arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { JOINTS, type JointName, type Role } from "../../arm/joints.ts";
import { readArm } from "../../arm/read.ts";
import type { ServoImages } from "../../arm/servo-image.ts";
import { type ChosenArm, chooseArm } from "../../config/choose-arm.ts";
import { printLine } from "../../linux/stdout.ts";
import { withArm } from "../../workflows/arm-session.ts";
import { differencesOf } from "../../workflows/calibration/both.ts";
import { Interrupted } from "../../workflows/errors.ts";
import { interruptible } from "../interrupt.ts";
import { type Dialogue, dialogueFor } from "../operator/dialogue.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption, roleArgument } from "../options/arm.ts";

/** Makes the command. */
export function showCommand(): Command {
  const command = new Command("show")
    .summary("file and servos side by side, differences marked")
    .description(
      "Shows an arm's calibration as its file and its servos have it, differences marked. Nothing is changed. " +
        "The exit code is 1 when one of them could not be read.",
    )
    .addArgument(roleArgument())
    .action(show);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

function show(role: Role, options: ArmOptions): Promise<void> {
  return interruptible(async (signal) => {
    const arm = chooseArm(role, options);
    const dialogue = dialogueFor(options, signal);
    const calibrations = new CalibrationStore(arm.calibrationDir);
    const filed = calibrations.tryLoad(arm);
    const images = await imagesOf(arm, dialogue, signal);
    const problems = [filed, images].flatMap((one) => (one instanceof Error ? one.message : []));
    const unfinished = calibrations.explainUnfinished(arm);
    const shown = {
      arm,
      filed: filed instanceof CalibrationError ? undefined : filed,
      images: images instanceof Error ? undefined : images,
    };
    if (options.json) {
      dialogue.event({
        event: "calibration",
        ...summaryOf(shown),
        problems,
        unfinished: unfinished !== undefined,
      });
    } else {
      for (const line of table(shown)) printLine(line);
      if (unfinished !== undefined) dialogue.warn(unfinished);
      for (const problem of problems) dialogue.warn(problem);
    }
    if (problems.length > 0) process.exitCode = 1;
  });
}

/** The servos' images; an Error that says why there are none. */
async function imagesOf(
  arm: ChosenArm,
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<ServoImages | Error> {
  try {
    return await withArm(
      arm,
      { access: "read", partial: true, dialogue, signal },
      async ({ bus, trouble }) => {
        const { images } = readArm(bus);
        return images.some((image) => image !== null) ? images : new Error(trouble);
      },
    );
  } catch (error) {
    if (error instanceof Interrupted && signal.aborted) throw error;
    return error as Error;
  }
}

interface Shown {
  readonly arm: ChosenArm;
  readonly filed: Calibration | undefined;
  readonly images: ServoImages | undefined;
}

function summaryOf({ arm, filed, images }: Shown) {
  const held =
    images &&
    JOINTS.map((joint, index) => [joint, images[index] ? calibrationInServo(joint, images[index]) : null]);
  return {
    arm: arm.role,
    id: arm.id,
    file: filed === undefined ? null : new CalibrationStore(arm.calibrationDir).find(arm),
    port: arm.port,
    filed: filed ?? null,
    held: held === undefined ? null : Object.fromEntries(held),
    differences: filed === undefined || images === undefined ? [] : differencesOf(images, filed),
  };
}

const DIFFERENT = "≠";

function table({ arm, filed, images }: Shown): string[] {
  const differences = filed === undefined || images === undefined ? [] : differencesOf(images, filed);
  const cell = (joint: JointName, index: number, key: (typeof calibrationRegisters)[number][0]) => {
    const image = images?.[index];
    const inFile = filed === undefined ? "–" : `${filed[joint][key]}`;
    const inServo = image ? `${calibrationInServo(joint, image)[key]}` : "–";
    const differs = differences.some((one) => one.joint === joint && one.key === key);
    const text = `${inFile.padStart(7)}${inServo.padStart(7)} ${differs ? DIFFERENT : " "}`;
    return differs ? styleText("yellow", text) : text;
  };
  const path = filed === undefined ? "none" : new CalibrationStore(arm.calibrationDir).find(arm);
  const heads = calibrationRegisters.map(([key]) => key.padStart(14).padEnd(16)).join("");
  const result =
    filed === undefined || images === undefined
      ? []
      : ["", differences.length === 0 ? "File and servos agree." : `${DIFFERENT}: file and servos differ.`];
  return [
    `${nameOfArm(arm)}: file ${path}`,
    "",
    styleText("dim", `${"".padEnd(14)}${heads}drive_mode`),
    styleText(
      "dim",
      `${"".padEnd(14)}${`${"file".padStart(7)}${"servo".padStart(7)}  `.repeat(3)}`.trimEnd(),
    ),
    ...JOINTS.map((joint, index) => {
      const cells = calibrationRegisters.map(([key]) => cell(joint, index, key)).join("");
      return `${joint.padEnd(14)}${cells}${`${filed?.[joint].drive_mode ?? "–"}`.padStart(6)}`;
    }),
    ...result,
  ];
}
