/** The way for samples in virtual time: what a test sends comes to the pair after a delay, and what it sends is kept. */
import type { VirtualClock } from "../../src/sim/testing/clock.ts";
import type { SampleLink } from "../../src/teleop/remote/link.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../../src/teleop/remote/sample.ts";

/** A sample as the pair has sent it. */
export interface Sent {
  readonly atUs: number;
  readonly epoch: string;
  readonly sequence: number;
  readonly positions: readonly number[];
}

/** A way without a network. */
export class VirtualLink implements SampleLink {
  readonly incoming = new Uint8Array(SAMPLE_BYTES + 4);
  readonly outgoing = new Uint8Array(SAMPLE_BYTES);
  readonly sent: Sent[] = [];
  /** Whether the network's client is connected. */
  isThere = true;
  readonly #clock: VirtualClock;
  readonly #arrived: Uint8Array[] = [];
  readonly #count = new Int32Array(1);
  #sequence = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  look(): boolean {
    return this.isThere;
  }

  receive(): number {
    const next = this.#arrived.shift();
    this.#count[0] = this.#arrived.length;
    if (next === undefined) return -1;
    this.incoming.set(next.subarray(0, this.incoming.length));
    return next.length;
  }

  send(): void {
    const view = new SampleView(this.outgoing);
    const positions = Array.from({ length: 6 }, (_, joint) => view.position(joint));
    this.sent.push({ atUs: this.#clock.nowUs(), epoch: view.epoch, sequence: view.sequence, positions });
  }

  wait(untilUs: number): void {
    this.#clock.waitWhile(this.#count, 0, 0, Math.max(0, untilUs - this.#clock.nowUs()) / 1e3);
  }

  /** Has bytes arrive, after a delay in ms. */
  arrive(bytes: Uint8Array, afterMs = 0): void {
    this.#clock.at(this.#clock.nowUs() + afterMs * 1e3, () => {
      this.#arrived.push(bytes);
      this.#count[0] = this.#arrived.length;
    });
  }

  /** Has a sample arrive that is sent now by a clock which is so far from this one, µs. */
  sample(
    positions: readonly number[],
    {
      epoch,
      afterMs = 0,
      sequence = ++this.#sequence,
      sentUs = this.#clock.nowUs() + OTHER_CLOCK_US,
    }: {
      readonly epoch: string;
      readonly afterMs?: number;
      readonly sequence?: number;
      readonly sentUs?: number;
    },
  ): void {
    const bytes = new Uint8Array(SAMPLE_BYTES);
    const { low, high } = epochHalves(epoch);
    new SampleView(bytes).write(sequence, low, high, sentUs, positions);
    this.arrive(bytes, afterMs);
  }
}

/** The other machine was started at another time. */
export const OTHER_CLOCK_US = 7_654_321_000;
