/** The program's entry: argv to a command, and what goes wrong to an exit code. */
// Before all others.
import "./daemon/early.ts";
import type { Command } from "commander";
import { commandLine } from "./cli/command-line.ts";
import { exitCodeFor } from "./cli/exit-code.ts";
import { teleoperates } from "./daemon/early.ts";

try {
  await commandLine(await commands()).parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error);
}

/** The service starts with nothing loaded but what it needs: all commands take a second on a Pi, and arms wait for it. */
async function commands(): Promise<Command[]> {
  if (teleoperates) {
    return [(await import("./cli/teleoperate/command.ts")).teleoperateCommand()];
  }
  return (await import("./cli/all.ts")).allCommands();
}
