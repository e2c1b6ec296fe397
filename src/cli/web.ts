/** `so101 web`: the page for the phone beside the arms. */
import { accessSync, constants } from "node:fs";
import { basename } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { controlPaths } from "../api/address.ts";
import { pairsOrMain, pairToName } from "../config/pairs.ts";
import { absolutePathOf } from "../config/text.ts";
import { log } from "../daemon/log.ts";
import { giveBackCode } from "../linux/scheduling.ts";
import { isSystemError, whyOf } from "../linux/system-error.ts";
import { printLine } from "../linux/text/stdout.ts";
import { Claims } from "../web/access/claims.ts";
import { Codes } from "../web/access/codes.ts";
import { stateDir } from "../web/access/state.ts";
import { machineBoards } from "../web/boards.ts";
import { pageFiles } from "../web/http/page-files.ts";
import { type ServedPair, servedPair } from "../web/pairs/served-pair.ts";
import { serveLastingly } from "../web/serving/serve-lastingly.ts";
import { Compared } from "../web/set-up/compared.ts";
import { machineNaming } from "../web/set-up/naming.ts";
import { simulatedBoards, simulatedNaming } from "../web/set-up/simulated-boards.ts";
import { messageOf } from "../workflows/api-problem.ts";
import { UsageError } from "../workflows/errors.ts";
import { interruptible } from "./interrupt.ts";
import { claimCommand, claimsCommand } from "./web-claims.ts";

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
      "configuration file of the service at a --socket, in their order: its settings can then be changed on the page",
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
    .action((options: Options) => interruptible((signal) => serve(options, signal)))
    .helpCommand(false)
    .addCommand(claimCommand())
    .addCommand(claimsCommand());
}

async function serve(
  { listen, socket, config, simulatedArms, simDir }: Options,
  signal: AbortSignal,
): Promise<void> {
  const files = pageFiles();
  if (files === undefined)
    throw new Error("the page is in the compiled program only — make build, then run dist/so101-…");
  await serveLastingly(
    {
      address: listen,
      prepare() {
        const dir = writableStateDir();
        return {
          files,
          pairs: new Map(pairsOf(socket, config).map((pair) => [pair.name, pair])),
          reading: "everybody",
          names: [],
          boards: simDir === undefined ? machineBoards : simulatedBoards(simDir),
          naming: simDir === undefined ? machineNaming : simulatedNaming(simDir),
          compared: new Compared(dir),
          claims: new Claims(dir),
          codes: new Codes(dir),
          counted: simulatedArms || simDir !== undefined ? "any" : "own USB",
          signal,
        };
      },
      say: (error) => messageOf(error, {}),
      served(url) {
        printLine(`the page is at ${url}`);
        giveBackCode();
      },
      troubled: (url, text) => log("fault", `the page at ${url} cannot be shown: ${text}`),
    },
    signal,
  );
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

function pairsOf(sockets: readonly string[], configs: readonly string[]): ServedPair[] {
  if (configs.length > sockets.length) {
    throw new UsageError("each --config takes a --socket, that of the service which has read that file");
  }
  if (sockets.length > 0) {
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
  return pairsOrMain().map((pair) => servedPair(pair, controlPaths(pair), { pair: pairToName(pair) }));
}

function address(text: string): Address {
  const [, hostname, port] = /^(\[[0-9a-f:.]+\]|[^:\s]+):(\d{1,5})$/i.exec(text) ?? [];
  if (hostname === undefined || Number(port) > 65_535) {
    throw new InvalidArgumentError(`Expected an address and a port, such as ${DEFAULT_ADDRESS}.`);
  }
  return { hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
