/** `so101 web`: the page for the phone beside the arms. */
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { controlPaths } from "../api/address.ts";
import { pairsOrMain, pairToName } from "../config/pairs.ts";
import { absolutePathOf } from "../config/text.ts";
import { printLine } from "../linux/text/stdout.ts";
import { Claims } from "../web/access/claims.ts";
import { machineBoards } from "../web/boards.ts";
import { pageFiles } from "../web/http/page-files.ts";
import { type ServedPair, servedPair } from "../web/pairs/served-pair.ts";
import { serveWeb } from "../web/server.ts";
import { Compared } from "../web/set-up/compared.ts";
import { machineNaming } from "../web/set-up/naming.ts";
import { simulatedBoards, simulatedNaming } from "../web/set-up/simulated-boards.ts";
import { UsageError } from "../workflows/errors.ts";
import { interruptible } from "./interrupt.ts";

interface Options {
  readonly listen: Address;
  readonly socket: readonly string[];
  readonly config: readonly string[];
  readonly simulatedArms?: true;
  readonly simDir?: string;
}

interface Address {
  readonly hostname: string;
  readonly port: number;
}

const DEFAULT_ADDRESS = "0.0.0.0:8101";

/** Makes the command. */
export function webCommand(): Command {
  return new Command("web")
    .summary("serve the page for the phone beside the arms")
    .description(
      "Serves the page that shows what both arms do, and has the buttons Pause, Release and Resume: open " +
        "http://NAME.local:8101 on a phone. It speaks to the running service, and opens no port itself. Ctrl-C ends it.",
    )
    .option("--listen <address:port>", "where to listen", address, address(DEFAULT_ADDRESS))
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
    .action((options: Options) => interruptible((signal) => serve(options, signal)));
}

async function serve(
  { listen, socket, config, simulatedArms, simDir }: Options,
  signal: AbortSignal,
): Promise<void> {
  const files = pageFiles();
  if (files === undefined)
    throw new Error("the page is in the compiled program only — make build, then run dist/so101-…");
  const pairs = pairsOf(socket, config);
  const server = serveWeb({
    ...listen,
    files,
    pairs: new Map(pairs.map((pair) => [pair.name, pair])),
    claims: new Claims(join(stateDir(), "claims.json")),
    counted: simulatedArms || simDir !== undefined ? "any" : "own USB",
    setUp: {
      boards: simDir === undefined ? machineBoards : simulatedBoards(simDir),
      naming: simDir === undefined ? machineNaming : simulatedNaming(simDir),
      compared: new Compared(join(stateDir(), "compared.json")),
    },
    signal,
  });
  printLine(`the page is at ${server.url}`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await server.stop();
}

/** Where claims are kept: systemd's folder for the unit, or the user's own. */
function stateDir(): string {
  const dir =
    process.env.STATE_DIRECTORY ??
    join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local/state"), "so101-web");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

function pairsOf(sockets: readonly string[], configs: readonly string[]): ServedPair[] {
  if (configs.length > sockets.length) {
    throw new UsageError("each --config takes a --socket, that of the service which has read that file");
  }
  if (sockets.length > 0) {
    return sockets.map((socket, index) => {
      const config = configs[index] === undefined ? undefined : absolutePathOf(configs[index], "--config");
      const name = basename(socket, ".sock");
      return servedPair(
        name,
        [socket],
        { socket, config },
        config === undefined ? { pair: name } : { config },
      );
    });
  }
  return pairsOrMain().map((pair) => servedPair(pair, controlPaths(pair), { pair: pairToName(pair) }));
}

function address(text: string): Address {
  const [, hostname, port] = /^(\[[0-9a-f:.]+\]|[^:\s]+):(\d{1,5})$/i.exec(text) ?? [];
  if (hostname === undefined || Number(port) > 65_535) {
    throw new InvalidArgumentError(`Expected an address and a port, such as ${DEFAULT_ADDRESS}.`);
  }
  return { hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
