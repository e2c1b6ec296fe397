/** A recorder's side of the control socket: it takes the place of a pair's recorder, is ordered, and says how it is. */
import type { LineClient } from "../linux/sockets/line-client.ts";
import { askFirst, nextReply, PATIENCE_MS } from "./client.ts";
import { type ApiSample, LONGEST_REQUEST_BYTES, PROTOCOL_VERSION } from "./protocol.ts";
import type { Recording, RecordingOrder } from "./recording.ts";

/** A person who orders something waits no longer for it than this, and the processor is left alone meanwhile. */
const LOOK_EVERY_MS = 40;
/** Samples come together, some at a time. */
const FRAMES_EVERY_MS = 25;

/** The place of a pair's recorder, while it lasts. */
export class RecorderConnection {
  readonly #client: LineClient;

  private constructor(client: LineClient) {
    this.#client = client;
  }

  /** Takes the place at the service that listens at the first of `paths`. Rejects with {@link ApiError}. */
  static async open(paths: readonly string[]): Promise<RecorderConnection> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    const client = await askFirst(paths, { do: "recorder" }, deadlineMs);
    try {
      await nextReply(client, deadlineMs);
      return new RecorderConnection(client);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Says how it is; where the service is gone, or does not hear, the orders end. */
  say(recording: Recording): void {
    if (!this.#client.say(lineOf(recording))) this.#client.close();
  }

  /** What is ordered, until the service ends or `signal` ends it. Rejects with {@link ApiError}, or the signal's reason. */
  async *orders(signal: AbortSignal): AsyncGenerator<RecordingOrder> {
    for (;;) {
      const { order } = await nextReply(this.#client, Number.POSITIVE_INFINITY, signal, LOOK_EVERY_MS);
      if (order !== undefined) yield order.do;
    }
  }

  /** Gives the place up. */
  close(): void {
    this.#client.close();
  }
}

/**
 * Samples to be recorded from now on, so many a second on an even grid, each with where the follower was found just before
 * its tick, until `signal`, or the service, ends it. Rejects with {@link ApiError}, or the signal's reason.
 */
export async function* framesOf(
  paths: readonly string[],
  perSecond: number,
  signal: AbortSignal,
): AsyncGenerator<ApiSample> {
  const client = await askFirst(paths, { do: "samples", perSecond }, performance.now() + PATIENCE_MS);
  try {
    for (;;) {
      const { sample } = await nextReply(client, performance.now() + PATIENCE_MS, signal, FRAMES_EVERY_MS);
      if (sample !== undefined) yield sample;
    }
  } finally {
    client.close();
  }
}

/** As a line, no longer than one may be: of texts that are too long the rest is left out. */
function lineOf(recording: Recording): string {
  const { dataset, task, message } = recording;
  for (let most = 200; ; most = Math.floor(most * 0.8)) {
    const short = {
      ...{ dataset: endOf(dataset, most), task: beginningOf(task, most) },
      message: beginningOf(message, most + 100),
    };
    const line = `${JSON.stringify({ v: PROTOCOL_VERSION, do: "recording", ...recording, ...short })}\n`;
    if (Buffer.byteLength(line) < LONGEST_REQUEST_BYTES) return line;
  }
}

function beginningOf(text: string, most: number): string {
  // Half of a character is none.
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

function endOf(text: string, most: number): string {
  return text.length <= most ? text : `…${text.slice(1 - most)}`;
}
