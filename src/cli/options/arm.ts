/** The options by which a command takes an arm, the same in every command. */
import { Argument, type Command } from "commander";
import type { Role } from "../../arm/joints.ts";
import type { ArmChoice } from "../../config/choose-arm.ts";

/** The options of every command about an arm; see {@link addArmOptions}. */
export interface ArmOptions extends ArmChoice {
  readonly yes?: true;
  readonly json?: true;
}

/** `leader` or `follower`. */
export function roleArgument(): Argument {
  return new Argument("<arm>", "which arm").choices(["leader", "follower"] satisfies Role[]);
}

/** Adds the options of {@link ArmChoice} to a command. */
export function addArmOptions(command: Command): Command {
  return command
    .option("--pair <name>", "which configured pair of arms (default: the only one)")
    .option("--port <path>", "serial port of the arm, instead of the configured one")
    .option("--id <id>", "LeRobot id of the arm, instead of the configured one")
    .option("--calibration-dir <dir>", "root of the calibration files, as LeRobot's HF_LEROBOT_CALIBRATION")
    .option("--config <file>", "configuration file of the pair");
}

/** Adds `--yes`. */
export function addYesOption(command: Command): Command {
  return command.option("-y, --yes", "answer every question with yes, and ask nothing");
}

/** Adds `--json`. */
export function addJsonOption(command: Command): Command {
  return command.option("--json", "print one JSON object a line");
}
