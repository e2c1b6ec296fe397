/** Pauses between what happens again and again: longer each time, until it has rested. Pure, and without garbage. */

/** From one time to the next, ms. */
export const GROWING_PAUSES_MS = [100, 200, 500, 1_000, 2_000, 5_000] as const;

/** What has rested for so long, the pause apart, has come to rest: the next time is a first one. */
const RESTED_AFTER_US = 10_000_000;

/** The pauses of one thing. Times are µs of one clock. */
export class GrowingPauses {
  readonly #freely: number;
  #times = 0;
  #lastUs = Number.NEGATIVE_INFINITY;
  #notBeforeUs = Number.NEGATIVE_INFINITY;

  /** So many times come as they like, before each next one has its pause. */
  constructor(freely = 1) {
    this.#freely = freely;
  }

  /** Whether it may happen, as far as pauses go. */
  isOver(nowUs: number): boolean {
    return nowUs >= this.#notBeforeUs;
  }

  /** How long it is still to be left alone, ms; 0 when it may happen. */
  leftMs(nowUs: number): number {
    return Math.max(0, (this.#notBeforeUs - nowUs) / 1e3);
  }

  /** It happens: the next pause begins. */
  begin(nowUs: number): void {
    if (nowUs - this.#lastUs >= RESTED_AFTER_US) this.#times = 0;
    this.#times++;
    this.#lastUs = nowUs;
    const index = Math.min(this.#times - this.#freely, GROWING_PAUSES_MS.length - 1);
    this.#notBeforeUs = nowUs + (GROWING_PAUSES_MS[index] ?? 0) * 1e3;
  }
}
