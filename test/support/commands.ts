/**
 * Runs commands of the program one after the other in this process, each from a line of JSON with its arguments, as
 * `main.ts` runs the one of its own. After what a command prints come a NUL and its exit code.
 */
import { writeSync } from "node:fs";
import { allCommands } from "../../src/cli/all.ts";
import { commandLine } from "../../src/cli/command-line.ts";
import { exitCodeFor } from "../../src/cli/exit-code.ts";

for await (const line of console) {
  process.exitCode = 0;
  try {
    await commandLine(allCommands()).parseAsync(["so101", "so101", ...JSON.parse(line)]);
  } catch (error) {
    process.exitCode = exitCodeFor(error, {});
  }
  writeSync(1, `\0${process.exitCode}\n`);
}
