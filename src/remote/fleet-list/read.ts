/** Reads the fleet's list from the network's client of this machine. */
import { LineClient, TooLate } from "../../linux/sockets/line-client.ts";
import {
  type FleetUpdate,
  LIST_BEAT_MS,
  LIST_REQUEST,
  LONGEST_LIST_LINE_BYTES,
  readUpdate,
} from "./protocol.ts";

/** It is reached within ms, or it hangs. */
const PATIENCE_MS = 2_000;

/**
 * What is told of the fleet by who serves its list at the first of `paths` at which somebody does, until `signal`, or the
 * other side, ends it. Rejects with the system's error where nobody can be reached, {@link TooLate}, {@link LineTooLong},
 * the signal's reason.
 */
export async function* readFleetList(
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<FleetUpdate> {
  const client = await askFirst(paths);
  try {
    for (;;) {
      const line = await client.next(performance.now() + LIST_BEAT_MS + PATIENCE_MS, signal);
      if (line === undefined) return;
      const update = readUpdate(line);
      if (update === undefined) return;
      yield update;
    }
  } finally {
    client.close();
  }
}

async function askFirst(paths: readonly string[]): Promise<LineClient> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  let failed: unknown;
  for (const path of paths) {
    try {
      return await LineClient.ask(path, LIST_REQUEST, LONGEST_LIST_LINE_BYTES, deadlineMs);
    } catch (error) {
      failed ??= error;
    }
  }
  throw failed ?? new TooLate();
}
