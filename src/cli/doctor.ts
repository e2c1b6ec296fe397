/** `so101 doctor`: one screen from power to motion, each line with its cure. */
import { Command } from "commander";
import { MAIN_PAIR, pairToName } from "../config/pairs.ts";
import { versionLine } from "../host/version.ts";
import { printLine } from "../linux/text/stdout.ts";
import { styled, terminalText } from "../linux/text/styled.ts";
import type { Check, Level } from "../workflows/check.ts";
import { examine } from "../workflows/doctor/doctor.ts";
import { addJsonOption } from "./options/arm.ts";
import { readerOf } from "./options/audience.ts";
import { addServiceOptions, type ServiceOptions, socketPaths } from "./options/service.ts";

interface Options extends ServiceOptions {
  readonly config?: string;
  readonly json?: true;
}

/** Makes the command. */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .summary("look at everything from power to motion, and say what to do")
    .description(
      "Looks at everything that teleoperation needs, from the machine's supply to the servos, and says of each whether " +
        "it is well and what to do if not. It changes nothing. While the service runs it asks the service about the " +
        "arms. The exit code is 1 when something is broken.",
    )
    .option("--config <file>", "configuration file of the pair")
    .action(doctor);
  return addJsonOption(addServiceOptions(command));
}

async function doctor({ config, json, ...service }: Options): Promise<void> {
  const pair = service.pair ?? MAIN_PAIR;
  const named = config === undefined ? pairToName(pair) : service.pair;
  const audience = readerOf({ ...service, config, pair: named });
  const count: Record<Level, number> = { ok: 0, warning: 0, broken: 0 };
  if (!json) printLine(versionLine);
  for await (const check of examine({ pair, config, sockets: socketPaths({ ...service, pair }), audience })) {
    count[check.level]++;
    printLine(json ? JSON.stringify({ event: "check", ...check }) : lineOf(check));
  }
  if (count.broken > 0) process.exitCode = 1;
  if (json) return;
  const isWell = count.broken + count.warning === 0;
  printLine(isWell ? "\nAll is well." : `\n${count.broken} broken, ${count.warning} to think about.`);
}

const WORDS: Readonly<Record<Level, string>> = { ok: "ok     ", warning: "warning", broken: "broken " };
const COLOURS = { ok: "green", warning: "yellow", broken: "red" } as const;
const INDENT = " ".repeat(9);

function lineOf({ area, level, message, cure }: Check): string {
  const columns = process.stdout.columns || 100;
  const told = terminalText(`${area}: ${message}${cure === undefined ? "" : ` — ${cure}`}`);
  const text = Bun.wrapAnsi(told, columns - INDENT.length);
  return `${styled(COLOURS[level], WORDS[level])}  ${text.split("\n").join(`\n${INDENT}`)}`;
}
