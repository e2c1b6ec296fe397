/** When something happened lately, as far as that tells whether it happens too often; however often that is. */

/** How often it may happen. */
export interface OftenEnough {
  readonly within10S: number;
  readonly withinMinute: number;
}

const TEN_S_MS = 10_000;
const MINUTE_MS = 60_000;

/** The times of one thing, ms of one clock. */
export class RecentTimes {
  readonly #limits: OftenEnough;
  /** No more of them than the limits need. */
  readonly #times: number[] = [];

  constructor(limits: OftenEnough) {
    this.#limits = limits;
  }

  /** Whether it has happened as often as it may. */
  isFull(nowMs: number): boolean {
    const { within10S, withinMinute } = this.#limits;
    const since = (count: number) => nowMs - (this.#times.at(-count) ?? Number.NEGATIVE_INFINITY);
    return since(within10S) < TEN_S_MS || since(withinMinute) < MINUTE_MS;
  }

  /** It happens; true when that is once too often. */
  add(nowMs: number): boolean {
    const isTooOften = this.isFull(nowMs);
    this.#times.push(nowMs);
    if (this.#times.length > this.#limits.withinMinute) this.#times.shift();
    return isTooOften;
  }

  /** How often it has happened within a minute, up to the limit. */
  countWithinMinute(nowMs: number): number {
    return this.#times.filter((at) => nowMs - at < MINUTE_MS).length;
  }
}
