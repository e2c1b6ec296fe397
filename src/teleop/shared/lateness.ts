/** By how much ticks began late: a histogram that the control thread fills and the main thread reads. */

/** Lateness is counted in buckets of this width, … */
const BUCKET_US = 5;
/** … so many of them; the last one holds everything beyond. */
export const LATENESS_BUCKETS = 2_000;

/** The memory behind the buckets: the greatest lateness, rounded up, µs. */
const GREATEST = LATENESS_BUCKETS;

/** The memory of a histogram. */
export interface LatenessMemory {
  readonly lateness: Uint32Array;
}

/** Counts lateness. {@link count} allocates nothing. */
export class Lateness {
  readonly #counts: Uint32Array;

  constructor({ lateness }: LatenessMemory) {
    this.#counts = lateness;
  }

  /** Notes by how much a tick began late, µs. */
  count(us: number): void {
    const bucket = Math.min(Math.max(Math.floor(us / BUCKET_US), 0), LATENESS_BUCKETS - 1);
    this.#counts[bucket]!++;
    if (us > this.#counts[GREATEST]!) this.#counts[GREATEST] = Math.ceil(us);
  }

  /** The latest that any tick began, µs. */
  get maxUs(): number {
    return this.#counts[GREATEST]!;
  }

  /** The lateness in µs that the given share (0…1) of ticks did not exceed, to the width of a bucket. */
  percentileUs(share: number): number {
    let total = 0;
    for (let bucket = 0; bucket < LATENESS_BUCKETS; bucket++) total += this.#counts[bucket]!;
    let seen = 0;
    for (let bucket = 0; bucket < LATENESS_BUCKETS; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= share * total) return Math.min((bucket + 1) * BUCKET_US, this.maxUs);
    }
    return this.maxUs;
  }
}
