/** `so101 doctor`: one screen from power to motion, each line with its cure. */

import { existsSync } from "node:fs";
import { styleText } from "node:util";
import { Command } from "commander";
import { askControl, ControlError } from "../api/client.ts";
import type { Status } from "../api/protocol.ts";
import type { Config } from "../config/config.ts";
import { ConfigError, defaultConfigOf, loadConfig } from "../config/config.ts";
import { MAIN_PAIR, pairConfigPath } from "../config/pairs.ts";
import { versionLine } from "../host/version.ts";
import { printLine } from "../linux/stdout.ts";
import { broken, type Check, type Level, ok, warning } from "../workflows/check.ts";
import { checkArmsOf, readArms } from "../workflows/doctor/arms.ts";
import { checkBoards } from "../workflows/doctor/boards.ts";
import { checkMachine } from "../workflows/doctor/machine.ts";
import { checkService } from "../workflows/doctor/service.ts";
import { addJsonOption } from "./options/arm.ts";
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

async function doctor({ config: file, json, ...service }: Options): Promise<void> {
  const pair = service.pair ?? MAIN_PAIR;
  const checks: Check[] = [];
  const report = (found: readonly Check[]) => {
    checks.push(...found);
    for (const check of found) printLine(json ? JSON.stringify({ event: "check", ...check }) : lineOf(check));
  };
  if (!json) printLine(versionLine);
  const status = await statusOf(socketPaths({ ...service, pair }));
  const [config, about] = configOf(file ?? pairConfigPath(pair), pair);
  report(checkMachine(config.calibration_dir));
  report([about]);
  const assign = `sudo so101 assign${pair === MAIN_PAIR ? "" : ` --pair ${pair}`}`;
  report(await checkBoards(config, assign));
  report(checkService(pair, status));
  report(status === undefined ? await readArms(config) : checkArmsOf(status));
  const count = (wanted: Level) => checks.filter(({ level }) => level === wanted).length;
  if (count("broken") > 0) process.exitCode = 1;
  if (json) return;
  const [faults, warnings] = [count("broken"), count("warning")];
  printLine(faults + warnings === 0 ? "\nAll is well." : `\n${faults} broken, ${warnings} to think about.`);
}

/** The service's status; undefined when it does not run, or does not answer. */
async function statusOf(paths: readonly string[]): Promise<Status | undefined> {
  try {
    return await askControl(paths, { do: "status" });
  } catch (error) {
    if (error instanceof ControlError) return undefined;
    throw error;
  }
}

function configOf(path: string, pair: string): [Config, Check] {
  const area = "configuration";
  if (!existsSync(path)) {
    return [
      defaultConfigOf(pair),
      warning(
        area,
        `${path} is not there: all settings are defaults`,
        "sudo apt install --reinstall -o Dpkg::Options::=--force-confmiss so101-teleop, or: sudo so101 install",
      ),
    ];
  }
  try {
    return [loadConfig(path, pair), ok(area, path)];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [
      defaultConfigOf(pair),
      broken(
        area,
        error.message.split("\n").join("; "),
        "mend it; then it is read by itself, or: sudo systemctl reload so101-teleop",
      ),
    ];
  }
}

const WORDS: Readonly<Record<Level, string>> = { ok: "ok     ", warning: "warning", broken: "broken " };
const COLOURS = { ok: "green", warning: "yellow", broken: "red" } as const;
const INDENT = " ".repeat(9);

function lineOf({ area, level, message, cure }: Check): string {
  const columns = process.stdout.columns || 100;
  const text = Bun.wrapAnsi(
    `${area}: ${message}${cure === undefined ? "" : ` — ${cure}`}`,
    columns - INDENT.length,
  );
  return `${styleText(COLOURS[level], WORDS[level])}  ${text.split("\n").join(`\n${INDENT}`)}`;
}
