/** Starting the page's server: what keeps it from starting may pass, and systemd is told meanwhile. */
import type { ServiceManager } from "../host/notify.ts";
import { pause } from "../workflows/pause.ts";
import type { RunningWeb } from "./server.ts";

/** From one try to the next, ms: an address that another program has, a configuration that somebody is at. */
export const GROWING_PAUSES_MS = [1_000, 2_000, 5_000, 10_000, 30_000] as const;

/** What a start is made with. */
export interface Starting {
  /** Starts the server, or throws why it cannot be started now; undefined where it is switched off. */
  start(): RunningWeb | undefined;
  /** What is said where it is switched off. */
  readonly off: string;
  /** The systemd that runs this process as a service; without it nobody would wait. */
  readonly manager: ServiceManager | undefined;
  /** Hears why it does not start, each time that this is something else, in the words for a person. */
  told(error: unknown): string;
  readonly signal: AbortSignal;
}

/**
 * Starts the server. As a service it is tried again and again, with growing pauses: who mends what is wrong need not start
 * it too. Undefined where it is switched off, or the signal has aborted meanwhile. Rejects with what `start` throws, where nobody
 * waits.
 */
export async function started({
  start,
  off,
  manager,
  told,
  signal,
}: Starting): Promise<RunningWeb | undefined> {
  for (let tries = 0, before = ""; ; tries++) {
    try {
      const running = start();
      manager?.notify("READY=1", `STATUS=${running ? `the page is at ${running.url}` : off}`);
      return running;
    } catch (error) {
      if (manager === undefined) throw error;
      const why = error instanceof Error ? error.message : String(error);
      // Ready all the same: what is wrong is not systemd's to wait for.
      if (why !== before) manager.notify("READY=1", `STATUS=${told(error).replaceAll("\n", "; ")}`);
      before = why;
    }
    await pause(GROWING_PAUSES_MS[Math.min(tries, GROWING_PAUSES_MS.length - 1)]!, signal).catch(() => {});
    if (signal.aborted) return undefined;
  }
}
