/** The program's entry: argv to a command, and what goes wrong to an exit code. */
import { CommanderError } from "commander";
import { commandLine } from "./command-line.ts";
import { Interrupted, UsageError } from "./commands/tools/errors.ts";
import { ConfigError } from "./config.ts";

const FAILED = 1;
const WRONG_USAGE = 2;
const INTERRUPTED = 130;

try {
  await commandLine().parseAsync();
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
