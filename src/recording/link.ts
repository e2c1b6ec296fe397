/** The recorder's place at the service, kept: taken again when the service was started anew. */
import { setTimeout as passed } from "node:timers/promises";
import { RecorderConnection } from "../api/recorder.ts";
import type { Recording, RecordingOrder } from "../api/recording.ts";

/** A service that has ended is looked for so often. */
const AGAIN_EVERY_MS = 1_000;

/** Who hears of it. */
export interface LinkListener {
  order(order: RecordingOrder): void;
  /** The place is lost, or could not be taken again, for this reason. */
  lost(error: unknown): void;
  /** It is taken again. */
  found(): void;
}

/** Keeps the place of the recorder of one pair until it is closed. */
export class ServiceLink {
  readonly #paths: readonly string[];
  readonly #listener: LinkListener;
  readonly #over = new AbortController();
  #connection: RecorderConnection | undefined;
  #last: Recording | undefined;

  private constructor(paths: readonly string[], connection: RecorderConnection, listener: LinkListener) {
    this.#paths = paths;
    this.#listener = listener;
    void this.#keep(connection);
  }

  /** Takes the place at the service that listens at the first of `paths`. Rejects with {@link ApiError}. */
  static async open(paths: readonly string[], listener: LinkListener): Promise<ServiceLink> {
    return new ServiceLink(paths, await RecorderConnection.open(paths), listener);
  }

  /** Says how the recorder is, now and when the place is taken again. */
  say(recording: Recording): void {
    this.#last = recording;
    this.#connection?.say(recording);
  }

  /** Gives the place up. */
  close(): void {
    this.#over.abort();
    this.#connection?.close();
  }

  async #keep(first: RecorderConnection): Promise<void> {
    const { signal } = this.#over;
    let connection: RecorderConnection | undefined = first;
    while (!signal.aborted) {
      try {
        if (connection === undefined) {
          connection = await RecorderConnection.open(this.#paths);
          this.#listener.found();
        }
        this.#connection = connection;
        if (this.#last !== undefined) connection.say(this.#last);
        for await (const order of connection.orders(signal)) this.#listener.order(order);
      } catch (error) {
        if (!signal.aborted) this.#listener.lost(error);
      }
      connection?.close();
      connection = this.#connection = undefined;
      await passed(AGAIN_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }
}
