/** `so101 lerobot`: answers LeRobot's programs on other machines. */
import { Command, InvalidArgumentError } from "commander";
import { controlPaths } from "../api/address.ts";
import { DEFAULT_CONFIG_PATH } from "../config/config.ts";
import { ConfigError } from "../config/file.ts";
import {
  type LerobotAddress,
  lerobotAddress,
  lerobotAddressMessage,
  loadLerobotAddress,
} from "../config/lerobot.ts";
import { MAIN_PAIR, pairConfigPath, pairsOrMain, pairToName } from "../config/pairs.ts";
import { log } from "../daemon/log.ts";
import { serviceManager } from "../host/notify.ts";
import { version } from "../host/version.ts";
import { runLerobot } from "../lerobot/client.ts";
import type { LerobotPair } from "../lerobot/pair.ts";
import { NoLibzmq } from "../lerobot/zmq/library.ts";
import { giveBackCode } from "../linux/scheduling.ts";
import { isJournal, printLine } from "../linux/text/stdout.ts";
import { NO_LIBZMQ } from "../messages/lerobot.ts";
import { messageOf } from "../workflows/api-problem.ts";
import { UsageError } from "../workflows/errors.ts";
import { pause } from "../workflows/pause.ts";
import { interruptible } from "./interrupt.ts";

interface Options {
  readonly listen?: LerobotAddress;
  readonly socket?: string;
}

type Served = Pick<LerobotPair, "pair" | "sockets" | "listen">;

/** The configuration is looked at again so often. */
const LOOK_EVERY_MS = 2_000;
/** Of the code that the start and the compilers of JavaScript have used, little is needed again. */
const TIDY_EVERY_MS = 2_000;

/** Makes the command. */
export function lerobotCommand(): Command {
  return new Command("lerobot")
    .summary("let LeRobot's programs on other machines watch and drive the follower")
    .description(
      "Answers LeRobot's programs on other machines, as LeKiwi's host does and as the plugin that comes with this program " +
        "asks: they see the follower, and may drive it while nobody else does. It speaks to the running services, and opens " +
        "no port of an arm. It is not encrypted: who reaches it may drive. Needs Debian's libzmq5. Ctrl-C ends it.",
    )
    .option(
      "--listen <address[:port]>",
      "address of this machine to listen at, 0.0.0.0 for all, and the first of four ports (default: as configured; port 5555)",
      address,
    )
    .option(
      "--socket <path>",
      "control socket of the one service to serve, with --listen (default: all pairs that are configured for it)",
    )
    .addHelpText(
      "after",
      `
Without options everything comes from [lerobot] of ${DEFAULT_CONFIG_PATH} and of the other pairs' files;
a change there is noticed within 2 s.

Exit codes: 0 stopped, or nothing is configured, 1 failed, 2 wrong usage or configuration.`,
    )
    .action((options: Options) => interruptible((signal) => serve(options, signal)));
}

function address(text: string): LerobotAddress {
  const found = lerobotAddress(text);
  if (found === undefined) throw new InvalidArgumentError(`It must be ${lerobotAddressMessage}.`);
  return found;
}

async function serve(options: Options, interrupted: AbortSignal): Promise<void> {
  const { listen, socket } = options;
  if (socket !== undefined && listen === undefined)
    throw new UsageError("--socket takes a --listen: where to be reached");
  const manager = serviceManager();
  const tell = (text: string) => manager?.notify("READY=1", `STATUS=${text.replaceAll("\n", "; ")}`);
  const tidying = setInterval(giveBackCode, TIDY_EVERY_MS);
  const alive =
    manager?.watchdogMs && setInterval(() => manager.notify("WATCHDOG=1"), manager.watchdogMs / 3);
  try {
    while (!interrupted.aborted) {
      const pairs = await lastingly(() => servedBy(options), tell, interrupted);
      if (pairs === undefined) return;
      if (pairs.length === 0) {
        tell(NOTHING);
        printLine(NOTHING);
        return;
      }
      const changed = new AbortController();
      const looking = setInterval(() => {
        if (isOther(pairs)) changed.abort();
      }, LOOK_EVERY_MS);
      const signal = AbortSignal.any([interrupted, changed.signal]);
      const places = pairs.map(
        ({ pair, listen }) => `${pair} at ${listen.hostname}, ports ${listen.port} to ${listen.port + 3}`,
      );
      await lastingly(
        async () => {
          tell(`LeRobot's programs are answered: ${places.join("; ")}`);
          await runLerobot({ pairs, persists: isJournal(), program: version, say: log, explain }, signal);
        },
        tell,
        signal,
      ).finally(() => clearInterval(looking));
    }
  } finally {
    clearInterval(tidying);
    clearInterval(alive || undefined);
  }

  /** Whether other addresses are configured now; a configuration that cannot be used leaves all as it is. */
  function isOther(served: readonly Served[]): boolean {
    try {
      return !Bun.deepEquals(servedBy(options), served);
    } catch {
      return false;
    }
  }

  function explain(error: unknown, pair: string): string {
    return messageOf(error, socket === undefined ? { pair: pairToName(pair) } : { socket });
  }
}

const NOTHING =
  `LeRobot's programs are not answered: listen is missing in [lerobot] of ${DEFAULT_CONFIG_PATH} — name an address there, or ` +
  "with --listen; then: sudo systemctl restart so101-lerobot";

/** The pairs that are to be reached, and where. Throws {@link ConfigError}. */
function servedBy({ listen, socket }: Options): Served[] {
  if (listen !== undefined) {
    return [{ pair: MAIN_PAIR, listen, sockets: socket === undefined ? controlPaths(MAIN_PAIR) : [socket] }];
  }
  return pairsOrMain().flatMap((pair) => {
    const configured = loadLerobotAddress(pairConfigPath(pair));
    return configured === undefined ? [] : [{ pair, listen: configured, sockets: controlPaths(pair) }];
  });
}

/**
 * What an attempt gives. A service waits for a configuration that can be used, and for the library; undefined when it was
 * told to end meanwhile. Rejects with what stands in the way where a person has called.
 */
async function lastingly<T>(
  attempt: () => T | Promise<T>,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<T | undefined> {
  for (let said = ""; !signal.aborted; await pause(LOOK_EVERY_MS, signal).catch(() => {})) {
    try {
      return await attempt();
    } catch (error) {
      const isWaitedFor = error instanceof ConfigError || error instanceof NoLibzmq;
      const text =
        error instanceof NoLibzmq ? NO_LIBZMQ : String(error instanceof Error ? error.message : error);
      if (!isWaitedFor || !isJournal())
        throw error instanceof NoLibzmq ? new Error(text, { cause: error }) : error;
      if (text !== said) log("fault", text);
      said = text;
      tell(text);
    }
  }
  return undefined;
}
