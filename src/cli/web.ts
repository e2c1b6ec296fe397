/** `so101 web`: the page for the phone beside the arms. */
import { accessSync, constants, existsSync } from "node:fs";
import { basename } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { fleetListBeside, fleetListPaths } from "../api/address.ts";
import { ConfigError, DEFAULT_CONFIG_PATH } from "../config/config.ts";
import { DATASETS_DIR } from "../config/datasets.ts";
import { loadMachineNetwork } from "../config/network.ts";
import { absolutePathOf } from "../config/text.ts";
import { DEFAULT_LISTEN, type ListenAddress, listenAddress, loadWebConfig } from "../config/web.ts";
import { log } from "../daemon/log.ts";
import { serviceManager } from "../host/notify.ts";
import { giveBackCode } from "../linux/scheduling.ts";
import { isSystemError, whyOf } from "../linux/system-error.ts";
import { printLine } from "../linux/text/stdout.ts";
import { Claims } from "../web/access/claims.ts";
import { Codes } from "../web/access/codes.ts";
import { stateDir } from "../web/access/state.ts";
import { machineBoards } from "../web/boards.ts";
import { FleetFeed } from "../web/fleet/feed.ts";
import { pageFiles } from "../web/http/page-files.ts";
import { configuredPairs } from "../web/pairs/configured.ts";
import { type ServedPair, servedPair } from "../web/pairs/served-pair.ts";
import { type Serving, serveLastingly } from "../web/serving/serve-lastingly.ts";
import { Compared } from "../web/set-up/compared.ts";
import { machineNaming } from "../web/set-up/naming.ts";
import { simulatedBoards, simulatedNaming } from "../web/set-up/simulated-boards.ts";
import { messageOf } from "../workflows/api-problem.ts";
import { UsageError } from "../workflows/errors.ts";
import { interruptible } from "./interrupt.ts";
import { claimCommand, claimsCommand } from "./web-claims.ts";

interface Options {
  readonly listen?: ListenAddress;
  readonly socket?: readonly string[];
  readonly config?: readonly string[];
  readonly fleet?: string;
  readonly datasets?: string;
  readonly simulatedArms?: true;
  readonly simDir?: string;
}

/** Makes the command. */
export function webCommand(): Command {
  return new Command("web")
    .summary("serve the page for the phone beside the arms")
    .description(
      "Serves the page that shows what both arms do, and has the buttons Pause, Release and Resume: open " +
        "http://NAME.local:8101 on a phone. It speaks to the running service, and opens no port itself. Ctrl-C ends it.",
    )
    .option(
      "--listen <address:port>",
      "where to listen (default: as the configuration has it, else 0.0.0.0:8101)",
      address,
    )
    .option(
      "--socket <path>",
      "control socket of a service; again for each further one (default: those of all configured pairs)",
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option(
      "--config <file>",
      "configuration file of the pair at --socket, in their order (default: that of the socket's name)",
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option(
      "--fleet <path>",
      "socket at which the network's client hands out the list of all machines (default: where so101-network has it, " +
        "once a broker is configured; with --socket beside it, PAIR.fleet)",
    )
    .option(
      "--datasets <dir>",
      `folder of the datasets that are recorded and shown (default: ${DATASETS_DIR})`,
    )
    .option(
      "--simulated-arms",
      "the arms are simulated: a leader that is not on this machine's USB may claim a page",
    )
    .option(
      "--sim-dir <dir>",
      "folder of 'so101 sim': its boards are set up, as those of this machine would be; implies --simulated-arms",
    )
    .action((options: Options) => interruptible((signal) => serve(options, signal)))
    .helpCommand(false)
    .addCommand(claimCommand())
    .addCommand(claimsCommand());
}

async function serve(options: Options, interrupted: AbortSignal): Promise<void> {
  const { listen, socket = [], config = [], datasets, simulatedArms, simDir } = options;
  if (config.length > socket.length) {
    throw new UsageError("each --config takes a --socket, that of the service which has read that file");
  }
  const files = pageFiles();
  if (files === undefined)
    throw new Error("the page is in the compiled program only — make build, then run dist/so101-…");
  // Whatever was begun for a server ends with it, also with one that never could listen.
  const over = new AbortController();
  const signal = AbortSignal.any([interrupted, over.signal]);
  const isAsked = listen !== undefined || socket.length > 0;
  let pairs: ReadonlyMap<string, ServedPair> | undefined;
  const fleet = fleetOf(options);
  const serving: Serving = {
    address: listen ?? listenAddress(DEFAULT_LISTEN)!,
    prepare() {
      const web = loadWebConfig(DEFAULT_CONFIG_PATH);
      if (!web.enabled && !isAsked) return undefined;
      const dir = writableStateDir();
      pairs ??= socket.length > 0 ? named(pairsOf(socket, config)) : configuredPairs(signal);
      return {
        ...(listen ?? listenAddress(web.listen)!),
        files,
        pairs,
        reading: web.read,
        names: web.names,
        boards: simDir === undefined ? machineBoards : simulatedBoards(simDir),
        naming: simDir === undefined ? machineNaming : simulatedNaming(simDir),
        compared: new Compared(dir),
        claims: new Claims(dir),
        codes: new Codes(dir),
        fleet,
        datasets: datasets === undefined ? DATASETS_DIR : absolutePathOf(datasets, "--datasets"),
        counted: simulatedArms || simDir !== undefined ? "any" : "own USB",
        signal,
      };
    },
    say: (error) => messageOf(error, {}),
    served(url) {
      printLine(`the page is at ${url}`);
      giveBackCode();
    },
    off: OFF,
    troubled: (url, text) =>
      log("fault", url === undefined ? text : `the page at ${url} cannot be shown: ${text}`),
    manager: serviceManager(),
  };
  try {
    if ((await serveLastingly(serving, signal)) === "off") printLine(OFF);
  } finally {
    over.abort();
  }
}

const OFF =
  `the page is switched off: web.enabled is false in ${DEFAULT_CONFIG_PATH} — to have it, set it to true, then: ` +
  "sudo systemctl start so101-web";

/** The list of all machines: where it was said to be, beside the sockets that were given, or as the system has it. */
function fleetOf({ fleet, socket }: Options): FleetFeed {
  if (fleet !== undefined)
    return new FleetFeed({ paths: [absolutePathOf(fleet, "--fleet")], isConfigured: () => true });
  if (socket === undefined) return new FleetFeed({ paths: fleetListPaths(), isConfigured: hasBroker });
  const paths = socket.map(fleetListBeside);
  return new FleetFeed({ paths, isConfigured: () => paths.some((path) => existsSync(path)) });
}

/** Whether a broker is configured, as it can be used: what is wrong with it the network's client says. */
function hasBroker(): boolean {
  try {
    return loadMachineNetwork(DEFAULT_CONFIG_PATH).broker !== undefined;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** Where claims are kept. Throws an Error that says what to do where none can be. */
function writableStateDir(): string {
  try {
    const dir = stateDir();
    accessSync(dir, constants.W_OK | constants.X_OK);
    return dir;
  } catch (error) {
    const where = isSystemError(error) ? ` in ${error.path}` : "";
    throw new Error(
      `claims cannot be kept${where}: ${whyOf(error)} — make that a folder which this program's user may write to, or ` +
        "name another in STATE_DIRECTORY",
    );
  }
}

/** The pairs whose services listen at the sockets that were given. */
function pairsOf(sockets: readonly string[], configs: readonly string[]): ServedPair[] {
  return sockets.map((path, index) => {
    const config = configs[index];
    const given = basename(path, ".sock");
    const isTaken = sockets.slice(0, index).some((other) => basename(other, ".sock") === given);
    const audience = {
      socket: path,
      ...(config !== undefined && { config: absolutePathOf(config, "--config") }),
    };
    return servedPair(isTaken ? `${given}-${index + 1}` : given, [path], audience);
  });
}

function named(pairs: readonly ServedPair[]): ReadonlyMap<string, ServedPair> {
  return new Map(pairs.map((pair) => [pair.name, pair]));
}

function address(text: string): ListenAddress {
  const found = listenAddress(text);
  if (found === undefined)
    throw new InvalidArgumentError(`Expected an address and a port, such as ${DEFAULT_LISTEN}.`);
  return found;
}
