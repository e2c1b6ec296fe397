/** Samples for one client of the control socket, no more often than it wants them. */
import type { ApiSample } from "../../api/protocol.ts";
import type { SampleReader } from "../../teleop/shared/samples.ts";

/** Gives samples at a distance of `everyMs` at least. */
export class SampleStream {
  readonly everyMs: number;
  readonly #reader: SampleReader;
  #unsent = 0;
  #lastUs = Number.NEGATIVE_INFINITY;

  constructor(reader: SampleReader, everyMs: number) {
    this.#reader = reader;
    this.everyMs = everyMs;
  }

  /** The samples that have become due since the last call. */
  due(): ApiSample[] {
    const samples: ApiSample[] = [];
    for (;;) {
      // A tick may come early by a part of its period, and be no less due for that.
      const sample = this.#reader.next(this.#lastUs + this.everyMs * 1e3 * DUE_SHARE);
      if (sample === undefined) return samples;
      this.#lastUs = sample.timeUs;
      samples.push({ ...sample, lost: this.#reader.lost + this.#unsent });
    }
  }

  /** Counts a sample that could not be sent, because the client does not read. */
  lose(): void {
    this.#unsent++;
  }
}

const DUE_SHARE = 0.75;
