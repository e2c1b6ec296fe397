/** `so101 calibration show`: file and servos side by side. */
import { styleText } from "node:util";
import { Command } from "commander";
import { calibrationInServo, calibrationRegisters, type ServoKey } from "../../arm/calibration/in-servos.ts";
import { nameOfArm } from "../../arm/identity.ts";
import type { Role } from "../../arm/joints.ts";
import { JOINTS, type JointName } from "../../arm/joints.ts";
import { chooseArm } from "../../config/choose-arm.ts";
import { printLine } from "../../linux/stdout.ts";
import { type BothCalibrations, readBoth } from "../../workflows/calibration/show.ts";
import { interruptible } from "../interrupt.ts";
import { operatorFor } from "../operator/operator-for.ts";
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
    const operator = operatorFor(options, signal);
    const both = await readBoth(chooseArm(role, options), operator);
    const { problems, unfinished } = both;
    if (options.json) {
      operator.event({
        event: "calibration",
        ...summaryOf(both),
        problems,
        unfinished: unfinished !== undefined,
      });
    } else {
      for (const line of table(both)) printLine(line);
      if (unfinished !== undefined) operator.tell("warning", unfinished);
      for (const problem of problems) operator.tell("warning", problem);
    }
    if (problems.length > 0) process.exitCode = 1;
  });
}

function summaryOf({ arm, file, images, differences }: BothCalibrations) {
  const held =
    images &&
    JOINTS.map((joint, index) => [joint, images[index] ? calibrationInServo(joint, images[index]) : null]);
  return {
    arm: arm.role,
    id: arm.id,
    file: file?.path ?? null,
    port: arm.port,
    filed: file?.calibration ?? null,
    held: held === undefined ? null : Object.fromEntries(held),
    differences,
  };
}

const DIFFERENT = "≠";

function table({ arm, file, images, differences }: BothCalibrations): string[] {
  const cell = (joint: JointName, index: number, key: ServoKey) => {
    const image = images?.[index];
    const inFile = file === undefined ? "–" : `${file.calibration[joint][key]}`;
    const inServo = image ? `${calibrationInServo(joint, image)[key]}` : "–";
    const differs = differences.some((one) => one.joint === joint && one.key === key);
    const text = `${inFile.padStart(7)}${inServo.padStart(7)} ${differs ? DIFFERENT : " "}`;
    return differs ? styleText("yellow", text) : text;
  };
  const heads = calibrationRegisters.map(([key]) => key.padStart(14).padEnd(16)).join("");
  const result =
    file === undefined || images === undefined
      ? []
      : ["", differences.length === 0 ? "File and servos agree." : `${DIFFERENT}: file and servos differ.`];
  return [
    `${nameOfArm(arm)}: file ${file?.path ?? "none"}`,
    "",
    styleText("dim", `${"".padEnd(14)}${heads}drive_mode`),
    styleText(
      "dim",
      `${"".padEnd(14)}${`${"file".padStart(7)}${"servo".padStart(7)}  `.repeat(3)}`.trimEnd(),
    ),
    ...JOINTS.map((joint, index) => {
      const cells = calibrationRegisters.map(([key]) => cell(joint, index, key)).join("");
      return `${joint.padEnd(14)}${cells}${`${file?.calibration[joint].drive_mode ?? "–"}`.padStart(6)}`;
    }),
    ...result,
  ];
}
