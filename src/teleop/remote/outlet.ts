/** What this machine's leader sends to the network, tick by tick. */

import type { SampleLink } from "./link.ts";
import { epochHalves, SampleView } from "./sample.ts";

/** Sends samples of one epoch. Allocates nothing after construction, and never waits. */
export class SampleOutlet {
  readonly #link: SampleLink;
  readonly #view: SampleView;
  readonly #low: number;
  readonly #high: number;
  #sequence = 0;

  /** `epoch` is 16 hexadecimal digits that nobody has had before. */
  constructor(link: SampleLink, epoch: string) {
    this.#link = link;
    this.#view = new SampleView(link.outgoing);
    const { low, high } = epochHalves(epoch);
    this.#low = low;
    this.#high = high;
  }

  /** Sends where the leader was at `atUs`. */
  send(atUs: number, positions: ArrayLike<number>): void {
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#view.write(this.#sequence, this.#low, this.#high, atUs, positions);
    this.#link.send();
  }
}

/** A new epoch. */
export function newEpoch(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
}
