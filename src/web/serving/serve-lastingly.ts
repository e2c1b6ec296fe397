/** Serving the page whatever happens: while something keeps it from being shown, a page that says so is in its place. */
import type { ListenAddress } from "../../config/web.ts";
import type { ServiceManager } from "../../host/notify.ts";
import { pause } from "../../workflows/pause.ts";
import { type RunningWeb, serveWeb, type WebOptions } from "../server.ts";
import { CannotListen, listening } from "./listening.ts";
import { serveTrouble, type TroubleServer } from "./trouble-page.ts";

/** What was wrong is tried again so often. */
const AGAIN_MS = 2_000;

/** How the page is served. */
export interface Serving {
  /** Where a page in its place is served, while nobody knows where the page itself is to be. */
  readonly address: ListenAddress;
  /** What the server needs; undefined where the page is switched off. Throws what keeps it from being there. */
  prepare(): WebOptions | undefined;
  /** What was thrown, as a sentence that says what to do. */
  say(error: unknown): string;
  /** The page is there. */
  served(url: string): void;
  /** What systemd is told where it is switched off. */
  readonly off: string;
  /** It is not there, where another page says so, or nowhere: each sentence once. */
  troubled(url: string | undefined, text: string): void;
  /** The systemd that runs this process as a service; without it nobody would wait for an address. */
  readonly manager: ServiceManager | undefined;
}

/**
 * Serves until `signal` is aborted; not at all where the page is switched off, which it resolves with. Rejects with {@link CannotListen}
 * where nothing at all can be served at the address and nobody waits; with whatever else goes wrong it goes on trying.
 */
export async function serveLastingly(serving: Serving, signal: AbortSignal): Promise<"ended" | "off"> {
  const server = await started(serving, signal);
  if (server === undefined) return signal.aborted ? "ended" : "off";
  serving.manager?.notify("READY=1", `STATUS=the page is at ${server.url}`);
  serving.served(server.url);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.stop();
  return "ended";
}

/** The server once it runs; undefined when `signal` was aborted first, or the page is switched off. */
async function started(serving: Serving, signal: AbortSignal): Promise<RunningWeb | undefined> {
  const { prepare, say, troubled, manager, off } = serving;
  let inPlace: TroubleServer | undefined;
  let text = "";
  let { address } = serving;
  while (!signal.aborted) {
    try {
      const prepared = prepare();
      // Two cannot listen at one address.
      await inPlace?.stop();
      inPlace = undefined;
      if (prepared === undefined) {
        manager?.notify("READY=1", `STATUS=${off}`);
        return undefined;
      }
      // Any port was good: that of the page in its place is the page's now.
      const port = prepared.port === 0 ? address.port : prepared.port;
      return listening(prepared, () => serveWeb({ ...prepared, port }));
    } catch (error) {
      if (error instanceof CannotListen && manager === undefined) throw error;
      const before = text;
      text = say(error);
      if (!(error instanceof CannotListen)) inPlace ??= placed(address, () => text);
      address = { ...address, port: inPlace?.port ?? address.port };
      if (text !== before) {
        // Ready all the same: what is wrong is not systemd's to wait for.
        manager?.notify("READY=1", `STATUS=${text.replaceAll("\n", "; ")}`);
        troubled(inPlace?.url, text);
      }
    }
    await pause(AGAIN_MS, signal).catch(() => {});
  }
  await inPlace?.stop();
  return undefined;

  /** Undefined where a service cannot listen even so: what is wrong first is what is said. */
  function placed(at: ListenAddress, words: () => string): TroubleServer | undefined {
    try {
      return serveTrouble(at, words);
    } catch (error) {
      if (manager === undefined) throw error;
      return undefined;
    }
  }
}
