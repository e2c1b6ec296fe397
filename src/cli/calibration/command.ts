/** `so101 calibration`: an arm's calibration in its file and in its servos. */
import { Command } from "commander";
import { applyCommand } from "./apply.ts";
import { checkCommand } from "./check.ts";
import { compareCommand } from "./compare.ts";
import { exportCommand } from "./export.ts";
import { importCommand } from "./import.ts";
import { pullCommand } from "./pull.ts";
import { finishCommand, undoCommand } from "./settle.ts";
import { showCommand } from "./show.ts";

/** Makes the command with its subcommands. */
export function calibrationCommand(): Command {
  const group = new Command("calibration")
    .summary("show, check and move calibrations between file and servos")
    .description(
      "An arm's calibration is in a file, LeRobot's, and in the EEPROM of its servos. Both must say the same " +
        "before the arm is used.",
    )
    .helpCommand(false);
  const commands = [
    showCommand(),
    checkCommand(),
    compareCommand(),
    pullCommand(),
    applyCommand(),
    importCommand(),
    exportCommand(),
    finishCommand(),
    undoCommand(),
  ];
  for (const command of commands) group.addCommand(command);
  return group;
}
