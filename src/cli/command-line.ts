/** The program's command line. */
import { Command } from "commander";
import { requirePlain } from "../config/text.ts";
import { versionLine } from "../host/version.ts";
import { terminalText } from "../linux/text/styled.ts";
import { visible } from "../linux/text/visible.ts";

/** Makes the program's command line, with these commands. */
export function commandLine(commands: readonly Command[]): Command {
  const program = new Command("so101")
    .description(
      "Makes a pair of SO-ARM100/101 robot arms teleoperate: the follower arm follows the leader arm.",
    )
    .version(versionLine, "-V, --version", "print version, commit and Bun")
    .helpCommand(false)
    .showHelpAfterError("(add --help for what is possible)")
    .configureOutput({
      writeOut: (text) => process.stdout.write(terminalText(text)),
      writeErr: (text) => process.stderr.write(terminalText(text)),
      // One line, and perhaps one with what was meant: a word that was given may have ends of lines in it.
      outputError: (text, write) =>
        write(
          `${text
            .trimEnd()
            .split(/\n(?=\(Did )/)
            .map(visible)
            .join("\n")}\n`,
        ),
    })
    .exitOverride()
    .hook("preAction", (_, running) => requirePlainWords(running));
  for (const command of commands) {
    program.addCommand(command.copyInheritedSettings(program));
    for (const inner of command.commands) inner.copyInheritedSettings(program);
  }
  return program;
}

/** Throws {@link ConfigError} when a word that was given has something in it that is not seen. */
function requirePlainWords(command: Command): void {
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (typeof value === "string") requirePlain(value, option.long ?? option.flags);
  }
  for (const word of command.args) requirePlain(word, "what was given");
}
