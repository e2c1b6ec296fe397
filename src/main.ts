/** The program's entry: argv to a command, and what goes wrong to an exit code. */
// Before all others.
import "./daemon/early.ts";
import type { Command } from "commander";
import { commandLine } from "./cli/command-line.ts";
import { exitCodeFor } from "./cli/exit-code.ts";
import { teleoperates } from "./daemon/early.ts";
import type { GivenOptions } from "./messages/audience.ts";

/** What was given to the command that runs: commands in messages must repeat it. */
let given: GivenOptions = {};

try {
  const program = commandLine(await commands());
  program.hook("preAction", (_, running) => {
    given = running.opts();
  });
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error, given);
}

/** The service starts with nothing loaded but what it needs: all commands take a second on a Pi, and arms wait for it. */
async function commands(): Promise<Command[]> {
  if (teleoperates) {
    return [(await import("./cli/teleoperate/command.ts")).teleoperateCommand()];
  }
  // Of root's: it is asked while arms wait, too.
  if (process.argv[2] === "helper") return [(await import("./cli/helper.ts")).helperCommand()];
  // They run beside the arms for long, in little memory.
  if (process.argv[2] === "network") return [(await import("./cli/network.ts")).networkCommand()];
  if (process.argv[2] === "lerobot") return [(await import("./cli/lerobot.ts")).lerobotCommand()];
  if (process.argv[2] === "record") return [(await import("./cli/record/command.ts")).recordCommand()];
  // Somebody waits for it who looks at the page; it is there for moments, and in little memory.
  if (process.argv[2] === "dataset-view") {
    return [(await import("./cli/dataset-view.ts")).datasetViewCommand()];
  }
  return (await import("./cli/all.ts")).allCommands();
}
