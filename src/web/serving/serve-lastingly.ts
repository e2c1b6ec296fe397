/** Serving the page whatever happens: while something keeps it from being shown, a page that says so is in its place. */
import { pause } from "../../workflows/pause.ts";
import { type RunningWeb, serveWeb, type WebOptions } from "../server.ts";
import { CannotListen, type ListenAddress, listening } from "./listening.ts";
import { serveTrouble, type TroubleServer } from "./trouble-page.ts";

/** What was wrong is tried again so often. */
const AGAIN_MS = 2_000;

/** How the page is served. */
export interface Serving {
  readonly address: ListenAddress;
  /** What the server needs; throws what keeps it from being there. */
  prepare(): Omit<WebOptions, keyof ListenAddress>;
  /** What was thrown, as a sentence that says what to do. */
  say(error: unknown): string;
  /** The page is there. */
  served(url: string): void;
  /** It is not: each sentence once. */
  troubled(url: string, text: string): void;
}

/**
 * Serves until `signal` is aborted. Rejects with {@link CannotListen} where nothing at all can be served at the address;
 * with whatever else goes wrong it goes on trying.
 */
export async function serveLastingly(serving: Serving, signal: AbortSignal): Promise<void> {
  const server = await started(serving, signal);
  if (server === undefined) return;
  serving.served(server.url);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.stop();
}

/** The server once it runs; undefined when `signal` was aborted first. */
async function started(
  { address, prepare, say, troubled }: Serving,
  signal: AbortSignal,
): Promise<RunningWeb | undefined> {
  let inPlace: TroubleServer | undefined;
  let text = "";
  let at = address;
  while (!signal.aborted) {
    try {
      const prepared = prepare();
      // Two cannot listen at one address.
      await inPlace?.stop();
      inPlace = undefined;
      return listening(at, () => serveWeb({ ...at, ...prepared }));
    } catch (error) {
      if (error instanceof CannotListen) throw error;
      const before = text;
      text = say(error);
      inPlace ??= serveTrouble(at, () => text);
      if (text !== before) troubled(inPlace.url, text);
      // Any port was good: this one is the page's now.
      at = { ...at, port: inPlace.port };
    }
    await pause(AGAIN_MS, signal).catch(() => {});
  }
  await inPlace?.stop();
  return undefined;
}
