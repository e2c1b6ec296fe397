/** Having a pair's service read its configuration again, and what it says of it. */
import { ApiError, askService, watchService } from "../../api/client.ts";

/** What the service says, in words for the person. */
export interface Taken {
  readonly isTaken: boolean;
  readonly text: string;
}

/** A service says within ms what it has read; one that is asked again and again lets some seconds pass. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** How a service tells of it, by its codes. */
const ANSWER = /\bsettings\.(reloaded|refused)$/;
const KEPT = /\bsettings\.kept$/;

/** Asks it to, and waits for what it says. Rejects with {@link ApiError} when it cannot be asked. */
export async function reloadService(sockets: readonly string[], signal: AbortSignal): Promise<Taken> {
  const askedAt = new Date().toISOString();
  await askService(sockets, { do: "reload" });
  return saidSince(sockets, askedAt, signal);
}

/** What the service has said since then of what it has read. Rejects with {@link ApiError}. */
export async function saidSince(
  sockets: readonly string[],
  since: string,
  signal: AbortSignal,
): Promise<Taken> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    for await (const { events } of watchService(
      sockets,
      LOOK_EVERY_MS,
      AbortSignal.any([signal, patience]),
    )) {
      const said = events.filter(({ time }) => time >= since);
      const answer = said.find(({ code }) => ANSWER.test(code));
      if (answer === undefined) continue;
      const kept = said.find(({ code }) => KEPT.test(code));
      const words = [answer, kept].flatMap((event) => event?.message ?? []);
      return { isTaken: answer.severity === "info", text: `The service says: ${words.join("; ")}.` };
    }
  } catch (error) {
    if (error instanceof ApiError || !patience.aborted) throw error;
  }
  return {
    isTaken: true,
    text: "The service was asked to read it, and has not said yet that it has: see Events.",
  };
}
