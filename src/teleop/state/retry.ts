/** How long to wait before what has failed is tried again: longer each time that it fails right away. Pure. */

/** From one failure to the next, ms. */
export const RETRY_PAUSES_MS = [100, 200, 500, 1_000, 2_000, 5_000] as const;

/** Only what fails so soon after it has connected makes the pause longer; … */
const SOON_US = 2_000_000;
/** … what was well for so long is forgotten. */
const HEALTHY_AFTER_US = 10_000_000;

/** The pauses of one thing that is tried again and again. Times are µs of one clock. */
export class RetryPauses {
  /** How often in a row it has failed soon. */
  #failures = 0;
  #node: string | undefined;
  #connectedUs = Number.NEGATIVE_INFINITY;
  #notBeforeUs = Number.NEGATIVE_INFINITY;

  /** It is there, on this node: another one than before is another thing, of which nothing is known. */
  appears(node: string): void {
    if (node === this.#node) return;
    this.#node = node;
    this.#failures = 0;
    this.#notBeforeUs = Number.NEGATIVE_INFINITY;
  }

  /** It begins to connect, on this node. */
  connects(nowUs: number, node: string): void {
    this.appears(node);
    this.#connectedUs = nowUs;
  }

  /** It has failed. */
  failed(nowUs: number): void {
    const wellForUs = nowUs - this.#connectedUs;
    if (wellForUs <= SOON_US) this.#failures++;
    else if (wellForUs >= HEALTHY_AFTER_US) this.#failures = 0;
    const last = Math.min(this.#failures, RETRY_PAUSES_MS.length) - 1;
    this.#notBeforeUs = nowUs + (RETRY_PAUSES_MS[last] ?? 0) * 1e3;
  }

  /** How long it is still to be left alone, ms; 0 when it may be tried. */
  pauseMs(nowUs: number): number {
    return Math.max(0, (this.#notBeforeUs - nowUs) / 1e3);
  }
}
