/** `so101 calibration show`: file and servos side by side, or a file alone. */
import { Argument, Command, InvalidArgumentError } from "commander";
import { calibrationInServo, calibrationRegisters, type ServoKey } from "../../arm/calibration/in-servos.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { JOINTS, type JointName, ROLES, type Role } from "../../arm/joints.ts";
import { chooseFiledArm } from "../../config/choose-arm.ts";
import { absolutePathOf } from "../../config/text.ts";
import { printLine } from "../../linux/text/stdout.ts";
import { styled } from "../../linux/text/styled.ts";
import { list } from "../../messages/list.ts";
import { type BothCalibrations, readBoth, readFileAlone } from "../../workflows/calibration/show.ts";
import { interruptible } from "../interrupt.ts";
import { operatorFor } from "../operator/operator-for.ts";
import { type ArmOptions, addArmOptions, addJsonOption, addYesOption } from "../options/arm.ts";

/** Makes the command. */
export function showCommand(): Command {
  const command = new Command("show")
    .summary("file and servos side by side, differences marked")
    .description(
      "Shows an arm's calibration as its file and its servos have it, differences marked. Nothing is changed. Of an arm " +
        "that is configured nowhere and given by --id alone the file is shown, as is a file that is named: for that " +
        "no port is needed. The exit code is 1 when one of them could not be read, or cannot be a calibration.",
    )
    .addArgument(
      new Argument("<arm>", "leader, follower, or the path of a calibration file").argParser(armOrFile),
    )
    .action(show);
  return addJsonOption(addYesOption(addArmOptions(command)));
}

/** Whose calibration is shown, or which file. */
type Shown = { readonly role: Role } | { readonly path: string };

function armOrFile(text: string): Shown {
  const role = ROLES.find((one) => one === text);
  if (role !== undefined) return { role };
  if (text.includes("/") || text.endsWith(".json")) return { path: absolutePathOf(text, "the file") };
  throw new InvalidArgumentError("Allowed are leader, follower, or the path of a file, which ends in .json.");
}

function show(shown: Shown, options: ArmOptions): Promise<void> {
  return interruptible(async (signal) => {
    const operator = operatorFor(options, signal);
    const both =
      "path" in shown
        ? await readFileAlone(shown.path, operator)
        : await readBoth(chooseFiledArm(shown.role, options), operator);
    const { file, problems, unfinished } = both;
    if (options.json) {
      operator.event({
        event: "calibration",
        ...summaryOf(both),
        problems,
        unfinished: unfinished !== undefined,
      });
    } else {
      if (file !== undefined || both.images !== undefined) for (const line of table(both)) printLine(line);
      if (file !== undefined && file.leftOut.length > 0) {
        const keys = list(file.leftOut.map((key) => JSON.stringify(key)));
        operator.tell("warning", `${keys} in ${file.path} is no part of a calibration, and is left out`);
      }
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
    arm: arm?.role ?? null,
    id: arm?.id ?? null,
    file: file?.path ?? null,
    port: arm?.port ?? null,
    filed: file?.calibration ?? null,
    leftOut: file?.leftOut ?? [],
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
    return differs ? styled("yellow", text) : text;
  };
  const heads = calibrationRegisters.map(([key]) => key.padStart(14).padEnd(16)).join("");
  const result =
    file === undefined || images === undefined
      ? []
      : ["", differences.length === 0 ? "File and servos agree." : `${DIFFERENT}: file and servos differ.`];
  return [
    `${arm === undefined ? "" : `${nameOfArm(arm)}: `}file ${file?.path ?? "none"}`,
    "",
    styled("dim", `${"".padEnd(14)}${heads}drive_mode`),
    styled("dim", `${"".padEnd(14)}${`${"file".padStart(7)}${"servo".padStart(7)}  `.repeat(3)}`.trimEnd()),
    ...JOINTS.map((joint, index) => {
      const cells = calibrationRegisters.map(([key]) => cell(joint, index, key)).join("");
      return `${joint.padEnd(14)}${cells}${`${file?.calibration[joint].drive_mode ?? "–"}`.padStart(6)}`;
    }),
    ...result,
  ];
}
