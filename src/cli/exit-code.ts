/** What went wrong, told to the person, and as an exit code. */
import { CommanderError } from "commander";
import { ConfigError } from "../config/config.ts";
import { printError } from "../linux/text/stdout.ts";
import type { GivenOptions } from "../messages/audience.ts";
import { messageOf } from "../workflows/api-problem.ts";
import { AlreadyTold, Interrupted, UsageError } from "../workflows/errors.ts";
import { readerOf } from "./options/audience.ts";

const FAILED = 1;
const WRONG_USAGE = 2;
const INTERRUPTED = 130;

/**
 * Says what went wrong, unless that has been said; 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted.
 * `given` are the options of the command that failed.
 */
export function exitCodeFor(error: unknown, given: GivenOptions): number {
  if (error instanceof CommanderError) {
    // Commander has printed it. Its own usage errors have exit code 1.
    return error.code.startsWith("commander.") && error.exitCode !== 0 ? WRONG_USAGE : error.exitCode;
  }
  if (error instanceof AlreadyTold) return FAILED;
  printError(`so101: ${messageOf(error, readerOf(given))}`);
  if (error instanceof Interrupted) return INTERRUPTED;
  return error instanceof ConfigError || error instanceof UsageError ? WRONG_USAGE : FAILED;
}
