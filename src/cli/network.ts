/** `so101 network`: the network's client, which carries leaders' samples to and from an MQTT broker. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { controlPaths, fleetListBeside, fleetListPath } from "../api/address.ts";
import { DEFAULT_CONFIG_PATH } from "../config/config.ts";
import { ConfigError } from "../config/file.ts";
import { machineName, machineNetworkFor, type NetworkOverrides } from "../config/network.ts";
import { MAIN_PAIR, pairsOrMain, pairToName } from "../config/pairs.ts";
import { log } from "../daemon/log.ts";
import { serviceManager } from "../host/notify.ts";
import { giveBackCode } from "../linux/scheduling.ts";
import { isJournal, printLine } from "../linux/text/stdout.ts";
import type { Audience } from "../messages/audience.ts";
import { type ClientOptions, runClient } from "../remote/client.ts";
import { messageOf } from "../workflows/api-problem.ts";
import { pause } from "../workflows/pause.ts";
import { interruptible } from "./interrupt.ts";
import { addBrokerOptions } from "./options/network.ts";

interface Options extends NetworkOverrides {
  readonly socket?: string;
  readonly pair?: string;
  readonly config?: string;
  readonly fleet?: string;
  readonly withInput?: true;
}

/** The configuration is looked at again so often. */
const LOOK_EVERY_MS = 2_000;

/** Of the code that the start and the compilers of JavaScript have used, little is needed again. */
const TIDY_EVERY_MS = 2_000;

/** Makes the command. */
export function networkCommand(): Command {
  const command = new Command("network")
    .summary("carry leaders' positions to and from an MQTT broker")
    .description(
      "Carries what the leaders of this machine do to an MQTT broker, and what leaders of other machines do to the " +
        "followers here that are to follow them. It speaks to the running services, and opens no port of an arm. " +
        '"so101 teleoperate --broker" starts it by itself. Ctrl-C ends it.',
    )
    .option("--socket <path>", "control socket of the one service to serve (default: all configured pairs)")
    .option("--pair <name>", `that pair's name in the network (default: ${MAIN_PAIR})`)
    .option("--config <file>", `configuration file whose [network] is used (default: ${DEFAULT_CONFIG_PATH})`)
    .option(
      "--fleet <path>",
      "socket at which the page of this machine finds the list of all machines (default: /run/so101-network/fleet.sock " +
        "or that of the user; with --socket beside it, PAIR.fleet)",
    );
  return addBrokerOptions(command)
    .option("--with-input", "end when the standard input does")
    .addHelpText(
      "after",
      `
Without options everything comes from [network] of ${DEFAULT_CONFIG_PATH};
a change there is noticed within 2 s.

Exit codes: 0 stopped, or no broker is configured, 1 failed, 2 wrong usage or configuration.`,
    )
    .action((options: Options) => interruptible((signal) => serve(options, signal)));
}

async function serve(options: Options, interrupted: AbortSignal): Promise<void> {
  const manager = serviceManager();
  const path = options.config ?? DEFAULT_CONFIG_PATH;
  const signal = options.withInput ? AbortSignal.any([interrupted, inputEnded()]) : interrupted;
  const tell = (text: string) => manager?.notify("READY=1", `STATUS=${text.replaceAll("\n", "; ")}`);
  const tidying = setInterval(giveBackCode, TIDY_EVERY_MS);
  const alive =
    manager?.watchdogMs && setInterval(() => manager.notify("WATCHDOG=1"), manager.watchdogMs / 3);
  try {
    while (!signal.aborted) {
      const seen = stampOf(path);
      const client = await configured(options, tell, signal);
      if (client === "no broker") {
        tell(noBroker(path));
        printLine(noBroker(path));
        return;
      }
      if (client === undefined) return;
      const changed = new AbortController();
      const looking = setInterval(() => {
        if (stampOf(path) !== seen) changed.abort();
      }, LOOK_EVERY_MS);
      log("info", `in the network as ${client.machine}: the broker is ${client.access.url}`);
      await runClient({ ...client, summarise: tell }, AbortSignal.any([signal, changed.signal]));
      clearInterval(looking);
    }
  } finally {
    clearInterval(tidying);
    clearInterval(alive || undefined);
  }
}

function noBroker(path: string): string {
  return `no broker is configured: broker is missing in [network] of ${path} — name one there, or with --broker`;
}

/**
 * What the configuration asks for. A service waits for one that can be used; undefined when it was told to end meanwhile.
 * Throws {@link ConfigError} where a person has called.
 */
async function configured(
  options: Options,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<ClientOptions | "no broker" | undefined> {
  for (let said = ""; !signal.aborted; await pause(LOOK_EVERY_MS, signal).catch(() => {})) {
    try {
      return clientFor(options);
    } catch (error) {
      if (!(error instanceof ConfigError) || !isJournal()) throw error;
      if (error.message !== said) log("fault", error.message);
      said = error.message;
      tell(said);
    }
  }
  return undefined;
}

function clientFor({
  socket,
  pair = MAIN_PAIR,
  config = DEFAULT_CONFIG_PATH,
  fleet,
  ...given
}: Options): ClientOptions | "no broker" {
  const network = machineNetworkFor(config, given);
  if (network.broker === undefined) return "no broker";
  return {
    machine: machineName(network),
    access: {
      url: network.broker,
      caFile: network.ca_file,
      certificateFile: network.certificate_file,
      keyFile: network.key_file,
      user: network.user,
      passwordFile: network.password_file,
    },
    allowCommands: network.allow_commands,
    homeAssistant: network.home_assistant,
    pairs:
      socket === undefined
        ? () => pairsOrMain().map((name) => ({ pair: name, sockets: controlPaths(name) }))
        : () => [{ pair, sockets: [socket] }],
    explain: (error, name) => messageOf(error, audienceOf(name, socket)),
    say: log,
    fleetList: fleet === undefined ? fleetListOf(socket) : resolve(fleet),
  };
}

function fleetListOf(socket: string | undefined): string | undefined {
  return socket === undefined ? fleetListPath() : fleetListBeside(socket);
}

function audienceOf(name: string, socket: string | undefined): Audience {
  return socket === undefined ? { pair: pairToName(name) } : { socket };
}

/** Aborts when the standard input has ended: who has started this program is gone, however that came. */
function inputEnded(): AbortSignal {
  const ended = new AbortController();
  const read = async () => {
    for await (const _ of Bun.stdin.stream()) {
      // Nothing is said there.
    }
  };
  void read()
    .catch(() => {})
    .then(() => ended.abort());
  return ended.signal;
}

/** What tells a file from what it was before. */
function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}
