/** The page's server within a test, and requests to it byte by byte: no browser would send most of them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Claims } from "../../src/web/access/claims.ts";
import { Codes } from "../../src/web/access/codes.ts";
import { FleetFeed } from "../../src/web/fleet/feed.ts";
import { servedPair } from "../../src/web/pairs/served-pair.ts";
import { type RunningWeb, serveWeb, type WebOptions } from "../../src/web/server.ts";
import { Compared } from "../../src/web/set-up/compared.ts";

/** One that is served, and what it keeps. */
export interface ServedWeb extends AsyncDisposable {
  readonly web: RunningWeb;
  readonly port: number;
  readonly claims: Claims;
  readonly codes: Codes;
  readonly dir: string;
}

const nobody = () => Promise.reject(new Error("there is nobody here who could"));

/** Serves a pair `main` whose service listens at `socket`, by default nobody. */
export function serveForTest(choices: Partial<WebOptions> = {}, socket?: string): ServedWeb {
  const dir = mkdtempSync(join(tmpdir(), "so101-web-"));
  const over = new AbortController();
  const [claims, codes] = [new Claims(dir), new Codes(dir)];
  const path = socket ?? join(dir, "nobody.sock");
  const web = serveWeb({
    ...{ hostname: "127.0.0.1", port: 0, reading: "everybody", names: [], counted: "any" },
    files: new Map([
      ["/", { body: new Blob(["the page"]) as Bun.BunFile, packed: Bun.gzipSync("the page"), headers: {} }],
    ]),
    pairs: new Map([["main", servedPair("main", [path], { socket: path })]]),
    boards: { list: async () => [], watch() {} },
    fleet: new FleetFeed({ paths: [], isConfigured: () => false }),
    naming: { isGiven: () => false, give: nobody, enable: nobody },
    compared: new Compared(dir),
    datasets: join(dir, "datasets"),
    ...{ claims, codes, signal: over.signal },
    ...choices,
  });
  return {
    ...{ web, claims, codes, dir, port: Number(new URL(web.url).port) },
    async [Symbol.asyncDispose]() {
      over.abort();
      await web.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Says bytes to a port, and hears all that comes until the other side ends or has answered as many times as is wanted. */
export async function say(port: number, bytes: string | Uint8Array, answers = 1): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let heard = "";
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, data) {
        heard += data.toString("latin1");
        const count = heard.match(/HTTP\/1\.1 \d+ /g)?.length ?? 0;
        const [, length = "0"] = /content-length: (\d+)(?![\s\S]*content-length)/i.exec(heard) ?? [];
        const end = heard.lastIndexOf("\r\n\r\n");
        if (count >= answers && end !== -1 && heard.length - end - 4 >= Number(length)) resolve(heard);
      },
      close: () => resolve(heard),
      error: () => resolve(heard),
    },
  });
  socket.write(bytes);
  const text = await promise;
  socket.end();
  return text;
}

/** The number that an answer begins with; undefined where there was none. */
export function statusOf(answer: string): number | undefined {
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
  return status === undefined ? undefined : Number(status);
}
