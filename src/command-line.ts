/** Everything that the program can be told on the command line. */
import { Command } from "commander";
import { assignCommand } from "./commands/assign.ts";
import { calibrateCommand } from "./commands/calibrate.ts";
import { calibrationCommand } from "./commands/calibration.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { findPortCommand } from "./commands/find-port.ts";
import { installCommands } from "./commands/install.ts";
import { monitorCommand } from "./commands/monitor.ts";
import { pauseCommands } from "./commands/pause.ts";
import { relaxCommand } from "./commands/relax.ts";
import { setupMotorsCommand } from "./commands/setup-motors.ts";
import { simCommand } from "./commands/sim.ts";
import { statusCommand } from "./commands/status.ts";
import { teleoperateCommand } from "./commands/teleoperate.ts";
import { versionLine } from "./version.ts";

/** Makes the program's command line, with all its commands. */
export function commandLine(): Command {
  const program = new Command("so101")
    .description(
      "Makes a pair of SO-ARM100/101 robot arms teleoperate: the follower arm follows the leader arm.",
    )
    .version(versionLine, "-V, --version", "print version, commit and Bun")
    .helpCommand(false)
    .showHelpAfterError("(add --help for what is possible)")
    .exitOverride();
  for (const command of [
    teleoperateCommand(),
    assignCommand(),
    statusCommand(),
    ...pauseCommands(),
    calibrateCommand(),
    calibrationCommand(),
    doctorCommand(),
    findPortCommand(),
    ...installCommands(),
    monitorCommand(),
    relaxCommand(),
    setupMotorsCommand(),
    simCommand(),
  ]) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  return program;
}
