/** `so101 teleoperate`: makes the follower arm follow the leader arm until it is stopped. */
import { Command, InvalidArgumentError } from "commander";
import type { Calibration } from "../arm/calibration/calibration.ts";
import { nameOfArm } from "../arm/identity.ts";
import type { Role } from "../arm/joints.ts";
import { configFor, DEFAULT_CONFIG_PATH, type Overrides } from "../config/config.ts";
import { MAIN_PAIR } from "../config/pairs.ts";
import { control } from "../daemon/api.ts";
import { Journal } from "../daemon/event-history.ts";
import { firstSettings } from "../daemon/first-settings.ts";
import { LossWatch } from "../daemon/losses.ts";
import { pairSettings } from "../daemon/pair-settings.ts";
import { reload } from "../daemon/reload.ts";
import { watchSupply } from "../daemon/supply.ts";
import { reportToSystemd, type SystemdReport } from "../daemon/systemd.ts";
import { ControlHangs, startTeleoperation } from "../daemon/teleoperation.ts";
import { explainUnnamed } from "../daemon/unnamed-boards.ts";
import type { Tell } from "../teleop/events.ts";
import type { PairSettings } from "../teleop/settings.ts";
import { jsonReporter } from "./output/json.ts";
import { logReporter } from "./output/log.ts";
import type { MakeReporter, Reporter } from "./output/reporter.ts";

interface Options extends Overrides {
  readonly config?: string;
  readonly pair?: string;
  readonly duration?: number;
  readonly socket?: string;
  readonly json?: true;
}

/** Makes the command. */
export function teleoperateCommand(): Command {
  return new Command("teleoperate")
    .summary("make the follower arm follow the leader arm")
    .description(
      "Makes the follower arm follow the leader arm, until it is stopped. Arms may be plugged in and switched on " +
        "before or after; every loss of an arm heals when it is back. The follower always approaches the leader's " +
        "pose slowly first. Ctrl-C stops it gently; SIGHUP reads the configuration again; SIGUSR2 ends it with the " +
        "follower held, for the program that comes next.",
    )
    .option("--leader <path>", "serial port of the leader arm")
    .option("--follower <path>", "serial port of the follower arm")
    .option("--leader-id <id>", "LeRobot id of the leader: the name of its calibration file")
    .option("--follower-id <id>", "LeRobot id of the follower: the name of its calibration file")
    .option("--calibration-dir <dir>", "root of the calibration files, as LeRobot's HF_LEROBOT_CALIBRATION")
    .option("--rate <hz>", "how often a second the follower gets a goal, 20 to 500", number)
    .option("--duration <s>", "stop this many seconds after the program started", seconds)
    .option("--pair <name>", "which configured pair of arms (default: the main one)")
    .option(
      "--config <file>",
      `configuration file (default: the pair's; the main one's is ${DEFAULT_CONFIG_PATH})`,
    )
    .option("--socket <path>", "where to make the control socket, for so101 status, pause and so on")
    .option("--json", "print one JSON object a line")
    .addHelpText(
      "after",
      `
Without options everything comes from the configuration file; options override
it. With both ports and both ids given, no file is needed.

Examples:
  so101 teleoperate
  so101 teleoperate --pair left
  so101 teleoperate --leader /dev/ttyACM0 --follower /dev/ttyACM1 \\
    --leader-id blue --follower-id red \\
    --calibration-dir ~/.cache/huggingface/lerobot/calibration

Exit codes: 0 stopped, 1 failed, 2 wrong usage or configuration.`,
    )
    .action(teleoperate);
}

async function teleoperate({ config, pair, duration, socket, json, ...overrides }: Options): Promise<void> {
  const read = () => pairSettings(configFor({ config, pair }, overrides));
  const first = await firstSettings(read);
  if (first === undefined) return;
  let settings = first;
  const makeReporter = json ? jsonReporter : hasScreen() ? await screen(settings) : logReporter;
  const startedAt = new Date();
  const journal = new Journal();
  const calibrations: Partial<Record<Role, Calibration>> = {};
  let reporter: Reporter | undefined;
  let systemd: SystemdReport | undefined;
  const tell: Tell = (event) => {
    journal.take(event);
    if (event.kind === "calibration") calibrations[event.role] = event.calibration;
    reporter?.event(event);
    systemd?.event(event);
  };
  const supply = watchSupply(explainUnnamed(pair ?? MAIN_PAIR, () => settings, tell));
  const teleoperation = startTeleoperation(settings, supply.tell);
  const { shared } = teleoperation;
  reporter = makeReporter(shared);
  systemd = reportToSystemd(shared);
  const sources = () => ({ pair: pair ?? MAIN_PAIR, startedAt, settings, shared, journal, calibrations });
  const server = control(socket, sources, tell);
  const losses = new LossWatch(shared, namesOf(settings), tell).start();
  const stop = () => teleoperation.stop();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  process.on("SIGUSR2", () => teleoperation.handOver());
  process.on("SIGHUP", () => {
    const reloaded = reload(settings, read);
    for (const notice of reloaded.notices) tell(notice);
    if (reloaded.settings === undefined) return;
    settings = reloaded.settings;
    shared.sendSettings(settings);
  });
  server.then(systemd.ready);
  if (duration !== undefined) setTimeout(stop, Math.max(0, duration * 1000 - performance.now())).unref();
  try {
    await teleoperation.stopped;
  } catch (error) {
    if (!(error instanceof ControlHangs)) throw error;
    reporter.event({ kind: "notice", severity: "fault", code: "program.hangs", message: error.message });
    reporter.end();
    // The thread that hangs cannot be ended, and would keep the process from ending.
    process.kill(process.pid, "SIGKILL");
  } finally {
    supply.stop();
    losses.stop();
    systemd.stop();
    (await server)?.close();
    reporter.end();
  }
}

function namesOf({ arms: { leader, follower } }: PairSettings): Record<Role, string> {
  return {
    leader: nameOfArm({ role: "leader", id: leader.id }),
    follower: nameOfArm({ role: "follower", id: follower.id }),
  };
}

/** Loaded where somebody watches: it takes half a second on a Pi. */
async function screen({ normalisation }: PairSettings): Promise<MakeReporter> {
  const { screenReporter } = await import("./output/screen.ts");
  return screenReporter(normalisation);
}

/** A terminal that does not know its size, such as a serial console, gets lines. */
function hasScreen(): boolean {
  return process.stdout.isTTY && process.stdout.rows > 0 && process.stdout.columns > 0;
}

function number(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

/** Timers count milliseconds in 31 bits. */
const LONGEST_DURATION_S = 2_000_000;

function seconds(text: string): number {
  const value = number(text);
  if (!(value > 0 && value <= LONGEST_DURATION_S)) {
    throw new InvalidArgumentError(`Expected seconds, more than 0 and at most ${LONGEST_DURATION_S}.`);
  }
  return value;
}
