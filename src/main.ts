/** The program's entry: argv to a command, and what goes wrong to an exit code. */
// Before all others.
import "./early.ts";
import { type Command, CommanderError } from "commander";
import { commandLine } from "./command-line.ts";
import { Interrupted, UsageError } from "./commands/tools/errors.ts";
import { ConfigError } from "./config/config.ts";
import { teleoperates } from "./early.ts";

const FAILED = 1;
const WRONG_USAGE = 2;
const INTERRUPTED = 130;

try {
  await commandLine(await commands()).parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error);
}

/** The service starts with nothing loaded but what it needs: all commands take a second on a Pi, and arms wait for it. */
async function commands(): Promise<Command[]> {
  if (teleoperates) {
    return [(await import("./commands/teleoperate.ts")).teleoperateCommand()];
  }
  return (await import("./commands/all.ts")).allCommands();
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
