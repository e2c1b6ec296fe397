/** `so101 dataset`: what is in a dataset, and whether LeRobot would take it. */
import { Command } from "commander";
import { checkCommand } from "./check.ts";
import { showCommand } from "./show.ts";

/** Makes the command with its subcommands. */
export function datasetCommand(): Command {
  const group = new Command("dataset")
    .summary("show and check recorded datasets")
    .description(
      "A dataset is a folder in LeRobot's format (LeRobotDataset v3.0): what so101 record has made, or what comes from " +
        "LeRobot itself.",
    )
    .helpCommand(false);
  for (const command of [showCommand(), checkCommand()]) group.addCommand(command);
  return group;
}
