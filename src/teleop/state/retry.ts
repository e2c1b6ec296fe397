/** How long to wait before what has failed is tried again: longer each time that it fails right away. Pure. */
import { GROWING_PAUSES_MS } from "./growing-pauses.ts";

/** Only what fails so soon after it has connected makes the pause longer; a node that was there no longer is no new one. */
export const SOON_US = 2_000_000;
/** What was well for so long is forgotten. */
const HEALTHY_AFTER_US = 10_000_000;

/** The pauses of one thing that is tried again and again. Times are µs of one clock. */
export class RetryPauses {
  readonly #healthyAfterUs: number;
  /** How often in a row it has failed soon. */
  #failures = 0;
  #node = "";
  /** When that appeared, and until when it was known to be there. */
  #appearedUs = Number.NEGATIVE_INFINITY;
  #thereUs = Number.POSITIVE_INFINITY;
  #connectedUs = Number.NEGATIVE_INFINITY;
  #notBeforeUs = Number.NEGATIVE_INFINITY;

  /** What has been well for so long when it fails has not failed again: its first failure is forgiven. */
  constructor(healthyAfterUs = HEALTHY_AFTER_US) {
    this.#healthyAfterUs = healthyAfterUs;
  }

  /**
   * It is there, on this node: another one than before is another thing, of which nothing is known; but where the one
   * before was there for a moment only, it comes and goes, and is the same trouble each time.
   */
  appears(nowUs: number, node: string): void {
    const stayedUs = this.#thereUs - this.#appearedUs;
    this.#thereUs = nowUs;
    if (node === this.#node) return;
    this.#node = node;
    this.#appearedUs = nowUs;
    if (stayedUs <= SOON_US) return;
    this.#failures = 0;
    this.#notBeforeUs = Number.NEGATIVE_INFINITY;
  }

  /** It begins to connect, on this node; on the same as before if left out. */
  connects(nowUs: number, node = this.#node): void {
    this.appears(nowUs, node);
    this.#connectedUs = nowUs;
  }

  /** It has failed. */
  failed(nowUs: number): void {
    this.#thereUs = nowUs;
    const wellForUs = nowUs - this.#connectedUs;
    if (wellForUs <= SOON_US) this.#failures++;
    else if (wellForUs >= this.#healthyAfterUs) this.#failures = 0;
    const last = Math.min(this.#failures, GROWING_PAUSES_MS.length) - 1;
    this.#notBeforeUs = nowUs + (GROWING_PAUSES_MS[last] ?? 0) * 1e3;
  }

  /** How long it is still to be left alone, ms; 0 when it may be tried. */
  pauseMs(nowUs: number): number {
    return Math.max(0, (this.#notBeforeUs - nowUs) / 1e3);
  }
}
