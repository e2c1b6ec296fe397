/** `so101 web`: the page for the phone beside the arms. */
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { DEFAULT_CONFIG_PATH } from "../config/config.ts";
import { absolutePathOf } from "../config/text.ts";
import { type ListenAddress, listenAddress, loadWebConfig } from "../config/web.ts";
import { serviceManager } from "../host/notify.ts";
import { isSystemError, whyOf } from "../linux/system-error.ts";
import { printError, printLine } from "../linux/text/stdout.ts";
import { Claims } from "../web/access/claims.ts";
import { machineBoards } from "../web/boards.ts";
import { pageFiles } from "../web/http/page-files.ts";
import { configuredPairs } from "../web/pairs/configured.ts";
import { type ServedPair, servedPair } from "../web/pairs/served-pair.ts";
import { type RunningWeb, serveWeb } from "../web/server.ts";
import { Compared } from "../web/set-up/compared.ts";
import { machineNaming } from "../web/set-up/naming.ts";
import { simulatedBoards, simulatedNaming } from "../web/set-up/simulated-boards.ts";
import { started } from "../web/start.ts";
import { messageOf } from "../workflows/api-problem.ts";
import { UsageError } from "../workflows/errors.ts";
import { interruptible } from "./interrupt.ts";

interface Options {
  readonly listen?: ListenAddress;
  readonly socket: readonly string[];
  readonly config: readonly string[];
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
      (path: string, before: readonly string[]) => [...before, path],
      [],
    )
    .option(
      "--config <file>",
      "configuration file of the pair at --socket, in their order (default: that of the socket's name)",
      (path: string, before: readonly string[]) => [...before, path],
      [],
    )
    .option(
      "--simulated-arms",
      "the arms are simulated: a leader that is not on this machine's USB may claim a page",
    )
    .option(
      "--sim-dir <dir>",
      "folder of 'so101 sim': its boards are set up, as those of this machine would be; implies --simulated-arms",
    )
    .action((options: Options) => {
      if (options.config.length > options.socket.length) {
        throw new UsageError("each --config takes a --socket, that of the service which has read that file");
      }
      return interruptible((signal) => serve(options, signal));
    });
}

async function serve(options: Options, signal: AbortSignal): Promise<void> {
  const files = pageFiles();
  if (files === undefined)
    throw new Error("the page is in the compiled program only — make build, then run dist/so101-…");
  const { simDir } = options;
  const pairs = options.socket.length > 0 ? named(pairsOf(options)) : configuredPairs(signal);
  const start = (): RunningWeb | undefined => {
    const { enabled, listen, read, names } = loadWebConfig(DEFAULT_CONFIG_PATH);
    const isAsked = options.listen !== undefined || options.socket.length > 0;
    if (!enabled && !isAsked) return undefined;
    const at = options.listen ?? listenAddress(listen)!;
    try {
      return serveWeb({
        ...at,
        files,
        pairs,
        reading: read,
        names,
        claims: new Claims(join(stateDir(), "claims.json")),
        counted: options.simulatedArms || simDir !== undefined ? "any" : "own USB",
        setUp: {
          boards: simDir === undefined ? machineBoards : simulatedBoards(simDir),
          naming: simDir === undefined ? machineNaming : simulatedNaming(simDir),
          compared: new Compared(join(stateDir(), "compared.json")),
        },
        signal,
      });
    } catch (error) {
      throw listenProblem(error, at);
    }
  };
  const server = await started({
    start,
    manager: serviceManager(),
    off: OFF,
    told: (error) => {
      const message = messageOf(error, {});
      printError(`so101: ${message}`);
      return message;
    },
    signal,
  });
  if (server === undefined) {
    if (!signal.aborted) printLine(OFF);
    return;
  }
  printLine(`the page is at ${server.url}`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await server.stop();
}

const OFF =
  `the page is switched off: web.enabled is false in ${DEFAULT_CONFIG_PATH} — to have it, set it to true, then: ` +
  "sudo systemctl start so101-web";

/** Where claims are kept: systemd's folder for the unit, or the user's own. */
function stateDir(): string {
  const dir =
    process.env.STATE_DIRECTORY ??
    join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local/state"), "so101-web");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** The pairs whose services listen at the sockets that were given. */
function pairsOf({ socket: sockets, config: configs }: Options): ServedPair[] {
  return sockets.map((socket, index) => {
    const config = configs[index] === undefined ? undefined : absolutePathOf(configs[index], "--config");
    const name = basename(socket, ".sock");
    return servedPair(name, [socket], { socket, config }, config === undefined ? { pair: name } : { config });
  });
}

function named(pairs: readonly ServedPair[]): ReadonlyMap<string, ServedPair> {
  return new Map(pairs.map((pair) => [pair.name, pair]));
}

/** Why the server cannot listen, with what to do. */
function listenProblem(error: unknown, { hostname, port }: ListenAddress): unknown {
  if (!isSystemError(error)) return error;
  const at = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const where = `--listen, or listen in the [web] of ${DEFAULT_CONFIG_PATH}, says another address or port`;
  switch (error.code) {
    case "EADDRINUSE":
      return new Error(
        `another program listens at ${at} already — end it (sudo ss -ltnp says which); ${where}`,
      );
    case "EACCES":
      return new Error(`this user may not listen at ${at}: ports below 1024 are root's — ${where}`);
    default:
      return new Error(`the page cannot be served at ${at}: ${whyOf(error)} — ${where}`);
  }
}

function address(text: string): ListenAddress {
  const found = listenAddress(text);
  if (found === undefined)
    throw new InvalidArgumentError("Expected an address and a port, such as 0.0.0.0:8101.");
  return found;
}
