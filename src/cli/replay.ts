/** `so101 replay`: the follower does again what was recorded. */
import { Command, Option } from "commander";
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { UsageError } from "../workflows/errors.ts";
import { replay } from "../workflows/replay/replay.ts";
import { interruptible } from "./interrupt.ts";
import { operatorFor } from "./operator/operator-for.ts";
import { addJsonOption, addYesOption } from "./options/arm.ts";
import { addServiceOptions, type ServiceOptions, socketPaths } from "./options/service.ts";

interface Options extends ServiceOptions {
  readonly units?: NormalisationMode;
  readonly yes?: true;
  readonly json?: true;
}

/** Makes the command. */
export function replayCommand(): Command {
  const made = new Command("replay")
    .summary("have the follower do again what was recorded")
    .description(
      "Has the follower of the running service do again what an episode of a dataset has recorded: after a question it " +
        "goes slowly to the first pose, then through the frames at the dataset's own rate, within all limits. At the end " +
        "it is held, and it is said how far it was from its commands. It takes datasets of so101 record, and those of " +
        "LeRobot's SO-100 and SO-101, version 3.0; of those --units must say the units.",
    )
    .argument("<dataset>", "the dataset's folder")
    .argument("<episode>", "which of its episodes, from 0")
    .addOption(
      new Option(
        "--units <units>",
        "what the dataset's values are, where its card does not say it: range (-100 to 100) or degrees",
      ).choices(["range", "degrees"]),
    )
    .addHelpText(
      "after",
      `
Ctrl-C, "so101 pause" and "so101 release" end it, and so does who moves the
leader by 10°. What the follower holds is not let go.

Examples:
  so101 replay /var/lib/so101-teleop/datasets/cubes 0
  so101 replay ~/.cache/huggingface/lerobot/me/cubes 12 --units degrees
  so101 replay cubes 0 --yes --json

Exit codes: 0 replayed, 1 it failed, 2 wrong usage, 130 ended before.`,
    )
    .action(run);
  return addJsonOption(addYesOption(addServiceOptions(made)));
}

function run(dir: string, given: string, { units, ...options }: Options): Promise<void> {
  const episode = /^\d{1,9}$/.test(given) ? Number(given) : undefined;
  if (episode === undefined) {
    throw new UsageError(`${JSON.stringify(given)} is no episode: give its number, from 0`);
  }
  if (dir === "") throw new UsageError("no dataset was given: name its folder");
  const sockets = socketPaths(options);
  return interruptible((signal) => replay(sockets, { dir, episode, units }, operatorFor(options, signal)));
}
