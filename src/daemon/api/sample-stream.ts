/** Samples for one client of the control socket, no more often than it wants them. */
import type { ApiSample } from "../../api/protocol.ts";
import type { SampleReader } from "../../teleop/shared/samples.ts";

/** Gives samples at a distance of `everyMs` at least. */
export class SampleStream {
  readonly everyMs: number;
  readonly #reader: SampleReader;
  #lastUs = Number.NEGATIVE_INFINITY;

  constructor(reader: SampleReader, everyMs: number) {
    this.#reader = reader;
    this.everyMs = everyMs;
  }

  /** The next sample that has become due; undefined when there is none. */
  next(): ApiSample | undefined {
    // A tick may come early by a part of its period, and be no less due for that.
    const sample = this.#reader.next(this.#lastUs + this.everyMs * 1e3 * DUE_SHARE);
    if (sample === undefined) return undefined;
    this.#lastUs = sample.timeUs;
    return { ...sample, lost: this.#reader.lost };
  }

  /** Loses those that are due, because the client does not read. */
  lose(): void {
    this.#reader.lose();
  }
}

const DUE_SHARE = 0.75;
