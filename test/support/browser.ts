/** Debian's Chromium, as somebody's phone or laptop, and the page that it looks at. */
import { type Browser, chromium, type Page } from "playwright-core";
import { built, type Need, program } from "./needs.ts";
import { programPath } from "./program.ts";

/** A browser takes minutes, and shows everybody the same: who runs the tests as several users has one of them look. */
const browserTime: Need = {
  name: "a browser's time",
  how: "make test, without SO101_NO_BROWSER",
  isMet: () => process.env.SO101_NO_BROWSER === undefined,
};

/** What it takes to look at the page. */
export const BROWSER_NEEDS: readonly Need[] = [
  browserTime,
  program("chromium", "chromium"),
  built(programPath, "build"),
];

/** Starts the browser; it ends with the test file that closes it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: Bun.which("chromium")!,
    args: [
      ...(process.geteuid?.() === 0 ? ["--no-sandbox"] : []),
      ...["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
      // In a container /dev/shm may be too small for a page.
      ...["--no-first-run", "--disable-dev-shm-usage"],
      // Every name in .local is this machine: a page that comes by such a name came by plain http, as in a home's network.
      "--host-resolver-rules=MAP *.local 127.0.0.1",
    ],
  });
}

/** A phone that is held upright. */
export const PHONE = { width: 360, height: 740 } as const;

/** `so101 web` as a process. */
export interface RunningWebProgram extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Ends it so; resolves with its exit code. */
  end(signal: NodeJS.Signals): Promise<number>;
}

/**
 * Starts `so101 web` on a free port, for the services at these sockets; `stateDir` keeps its claims, and `wrapper` is a
 * command that runs the program.
 */
export async function startWeb(
  sockets: readonly string[],
  stateDir: string,
  args: readonly string[] = ["--simulated-arms"],
  wrapper: readonly string[] = [],
): Promise<RunningWebProgram> {
  const command = [...wrapper, programPath, "web", "--listen", "127.0.0.1:0", ...args];
  const web = Bun.spawn([...command, ...sockets.flatMap((path) => ["--socket", path])], {
    cwd: "/",
    env: { PATH: process.env.PATH, STATE_DIRECTORY: stateDir },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await web.stdout.getReader().read();
  const [url] = /http\S+/.exec(new TextDecoder().decode(value)) ?? [];
  if (url === undefined) throw new Error(`so101 web ended with exit code ${await web.exited}`);
  const end = (signal: NodeJS.Signals) => {
    web.kill(signal);
    return web.exited;
  };
  return {
    ...{ url, pid: web.pid, end },
    async [Symbol.asyncDispose]() {
      await end("SIGTERM");
    },
  };
}

/** What went wrong in a page: errors of scripts, refusals of its security policy, requests to anywhere else. */
export function troublesOf(page: Page, url: string): string[] {
  const troubles: string[] = [];
  page.on("pageerror", ({ message }) => troubles.push(message));
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) troubles.push(line.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) troubles.push(request.url());
  });
  return troubles;
}
