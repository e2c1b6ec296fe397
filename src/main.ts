/** The program's entry: argv to a command, and what goes wrong to an exit code. */
import { Command, CommanderError } from "commander";
import { calibrateCommand } from "./commands/calibrate.ts";
import { calibrationCommand } from "./commands/calibration.ts";
import { findPortCommand } from "./commands/find-port.ts";
import { monitorCommand } from "./commands/monitor.ts";
import { pauseCommands } from "./commands/pause.ts";
import { relaxCommand } from "./commands/relax.ts";
import { setupMotorsCommand } from "./commands/setup-motors.ts";
import { simCommand } from "./commands/sim.ts";
import { statusCommand } from "./commands/status.ts";
import { teleoperateCommand } from "./commands/teleoperate.ts";
import { Interrupted, UsageError } from "./commands/tools/errors.ts";
import { ConfigError } from "./config.ts";
import { versionLine } from "./version.ts";

const FAILED = 1;
const WRONG_USAGE = 2;
const INTERRUPTED = 130;

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
  statusCommand(),
  ...pauseCommands(),
  calibrateCommand(),
  calibrationCommand(),
  findPortCommand(),
  monitorCommand(),
  relaxCommand(),
  setupMotorsCommand(),
  simCommand(),
]) {
  program.addCommand(command.copyInheritedSettings(program));
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error);
}

/** Says what went wrong, unless that has been said; 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted. */
function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has printed it. Its own usage errors have exit code 1.
    return error.code.startsWith("commander.") && error.exitCode !== 0 ? WRONG_USAGE : error.exitCode;
  }
  console.error(`so101: ${error instanceof Error ? error.message : error}`);
  if (error instanceof Interrupted) return INTERRUPTED;
  return error instanceof ConfigError || error instanceof UsageError ? WRONG_USAGE : FAILED;
}
