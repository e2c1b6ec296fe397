/** `so101 teleoperate`: makes the follower arm follow the leader arm until it is stopped. */
import { Command, InvalidArgumentError } from "commander";
import { configFor, DEFAULT_CONFIG_PATH, type Overrides } from "../../config/config.ts";
import { MAIN_PAIR } from "../../config/pairs.ts";
import { absolute } from "../../config/text.ts";
import { type Output, runService } from "../../daemon/service.ts";
import { pairSettings } from "../../daemon/settings/pair-settings.ts";
import type { Summary } from "../../daemon/summary.ts";
import { serviceManager } from "../../host/notify.ts";
import type { PairSettings } from "../../teleop/settings.ts";
import { readerOfService } from "../options/audience.ts";
import { addArmsOptions, addBrokerOptions, brokerArguments } from "../options/network.ts";
import { jsonOutput } from "./json.ts";
import { logOutput } from "./log.ts";

interface Options extends Overrides {
  readonly config?: string;
  readonly pair?: string;
  readonly duration?: number;
  readonly socket?: string;
  readonly json?: true;
}

/** Makes the command. */
export function teleoperateCommand(): Command {
  const command = new Command("teleoperate")
    .summary("make the follower arm follow the leader arm")
    .description(
      "Makes the follower arm follow the leader arm, until it is stopped. Arms may be plugged in and switched on " +
        "before or after; an arm that was lost is used again once it is back. The follower always approaches the leader's " +
        "pose slowly first. Where another program has the pair this one waits for its end. Ctrl-C stops it gently; SIGHUP reads the configuration again; SIGUSR2 ends it with the " +
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
    .option("--json", "print one JSON object a line");
  return addArmsOptions(addBrokerOptions(command))
    .addHelpText(
      "after",
      `
Without options everything comes from the configuration file; options override
it. With both ports and both ids given, no file is needed; with --arms leader or
--arms follower those of that arm suffice.

With --broker the arms may be on two machines: where a leader is here, its
positions go to the MQTT broker; with --remote-leader the follower here follows
that of another machine. "so101 follow" changes whom it follows.

Examples:
  so101 teleoperate
  so101 teleoperate --pair left
  so101 teleoperate --leader /dev/ttyACM0 --follower /dev/ttyACM1 \\
    --leader-id blue --follower-id red \\
    --calibration-dir ~/.cache/huggingface/lerobot/calibration
  so101 teleoperate --broker mqtts://broker.example.org:8883 --machine desk \\
    --broker-ca ca.crt --broker-certificate desk.crt --broker-key desk.key \\
    --arms leader --leader /dev/ttyACM0 --leader-id blue
  so101 teleoperate --broker mqtts://broker.example.org:8883 --machine lab \\
    --broker-ca ca.crt --broker-certificate lab.crt --broker-key lab.key \\
    --arms follower --remote-leader desk/main \\
    --follower /dev/ttyACM0 --follower-id red

Exit codes: 0 stopped, 1 failed, 2 wrong usage or configuration.`,
    )
    .action(teleoperate);
}

async function teleoperate({ config, pair, duration, socket, json, ...overrides }: Options): Promise<void> {
  const left = await runService({
    readSettings: () => pairSettings(configFor({ config, pair }, overrides)),
    pair,
    audience: () => readerOfService({ pair, config, socket }, overrides),
    socket,
    durationS: duration,
    networkClient: (path) => clientWords(path, { config, pair }, overrides),
    makeOutput: async (settings, summary) => {
      if (json) return jsonOutput(summary);
      return hasScreen() ? screen(settings, summary) : logOutput(summary);
    },
  });
  // Told by then: the follower could not be released, because another program has its port.
  if (left === "in use") process.exitCode = 1;
}

/** On an installed machine the network's client is a service of its own. */
function clientWords(
  socket: string,
  { config, pair = MAIN_PAIR }: { readonly config: string | undefined; readonly pair: string | undefined },
  overrides: Overrides,
): string[] | undefined {
  if (serviceManager() !== undefined) return undefined;
  // What is of the whole machine, a further pair has from the main one's file.
  const file = config !== undefined && pair === MAIN_PAIR ? [`--config=${absolute(config)}`] : [];
  const place = [`--socket=${absolute(socket)}`, `--pair=${pair}`];
  return ["network", "--with-input", ...place, ...file, ...brokerArguments(overrides)];
}

/** Loaded where somebody watches: it takes half a second on a Pi. */
async function screen({ normalisation }: PairSettings, summary: () => Summary): Promise<Output> {
  const { screenOutput } = await import("./screen.ts");
  return screenOutput(normalisation, summary);
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
