/** Having a pair's service read its configuration again, and what it has taken of it. */
import { ApiError, askService, watchService } from "../../api/client.ts";
import type { Status } from "../../api/protocol.ts";
import type { Audience } from "../../messages/audience.ts";
import { sayProblem } from "../../messages/problems.ts";

/** A service has read it within ms; one that is asked again and again lets some seconds pass. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Asks it to, and says what it has taken. Rejects with {@link ApiError} when it cannot be asked. */
export async function reloadService(
  sockets: readonly string[],
  audience: Audience,
  signal: AbortSignal,
): Promise<string> {
  const askedAt = new Date().toISOString();
  await askService(sockets, { do: "reload" });
  return takenSince(askedAt, sockets, audience, signal);
}

/** What the service has taken, in words, of what it has read since then. Rejects with {@link ApiError}. */
export async function takenSince(
  since: string,
  sockets: readonly string[],
  audience: Audience,
  signal: AbortSignal,
): Promise<string> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    for await (const status of watchService(sockets, LOOK_EVERY_MS, AbortSignal.any([signal, patience]))) {
      if (status.settings !== undefined && status.settings.readAt >= since)
        return say(status.settings, audience);
    }
  } catch (error) {
    if (error instanceof ApiError || !patience.aborted) throw error;
  }
  return "The service was asked to read it, and has not done so yet.";
}

function say({ refused, kept }: NonNullable<Status["settings"]>, audience: Audience): string {
  if (refused.length > 0) {
    return `The service cannot use it: ${sayProblem({ code: "settings.refused", problems: refused }, audience)}.`;
  }
  if (kept.length === 0) return "The service has taken it.";
  return `The service has taken it, but: ${sayProblem({ code: "settings.kept", keys: kept }, audience)}.`;
}
