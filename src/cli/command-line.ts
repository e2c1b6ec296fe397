/** The program's command line. */
import { Command } from "commander";
import { versionLine } from "../host/version.ts";

/** Makes the program's command line, with these commands. */
export function commandLine(commands: readonly Command[]): Command {
  const program = new Command("so101")
    .description(
      "Makes a pair of SO-ARM100/101 robot arms teleoperate: the follower arm follows the leader arm.",
    )
    .version(versionLine, "-V, --version", "print version, commit and Bun")
    .helpCommand(false)
    .showHelpAfterError("(add --help for what is possible)")
    .exitOverride();
  for (const command of commands) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  return program;
}
