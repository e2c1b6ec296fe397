/** How long the replies on one port take: smoothed, with its deviation, and how often it was how long. */

/** Round trips are counted in buckets of this width, µs, … */
const BUCKET_US = 100;
/** … so many of them; the last one holds everything beyond. */
export const ROUND_TRIP_BUCKETS = 2_000;

/** So many round trips are remembered, and half of them forgotten: what was long ago is no figure of today's cable. */
const REMEMBERED = 16_384;

/** As TCP does (RFC 6298): each round trip counts for so much of the smoothed one, … */
const FOLLOWS = 1 / 8;
/** … each distance from that for so much of the deviation where it is greater, … */
const DEVIATION_RISES = 1 / 4;
/** … and less where it is smaller: what a port has done once it may do again. */
const DEVIATION_FALLS = 1 / 32;
/** Before there is another to compare with, this share of the first round trip. */
const FIRST_DEVIATION = 1 / 8;
/** This many deviations are waited for beyond the smoothed round trip. */
const DEVIATIONS = 4;
/** USB of full speed hands over once in 1 ms, however steady the figures look: {@link DEVIATIONS} times this. */
const LEAST_DEVIATION_US = 250;

/** No port is waited for longer than this, µs, unless it is told otherwise: a network between takes up to 150 ms. */
const LONGEST_WAIT_US = 250_000;

/** A port whose replies are later than this needs more thought than a cable, whose round trips take 1 to 2 ms, µs. */
const SLOW_FROM_US = 3_000;

/**
 * The round trip of one port. It outlives the port: what is plugged in again is as it was. The time that bytes take on
 * the line is not part of it, so that long and short replies tell the same. Allocates nothing after construction.
 */
export class RoundTrip {
  readonly #counts: TimeCounts;
  #smoothedUs = Number.NaN;
  #deviationUs = 0;
  #longestWaitUs = LONGEST_WAIT_US;

  /** Counts in `counts`, of {@link ROUND_TRIP_BUCKETS}, which somebody else may read. */
  constructor(counts: Uint32Array = new Uint32Array(ROUND_TRIP_BUCKETS)) {
    this.#counts = new TimeCounts(counts);
  }

  /** False before the first reply. */
  get isKnown(): boolean {
    return !Number.isNaN(this.#smoothedUs);
  }

  /** What a reply takes beside its bytes, µs; 0 before the first one. */
  get smoothedUs(): number {
    return this.isKnown ? this.#smoothedUs : 0;
  }

  /** How late a reply may be and still be one of many, µs beyond {@link smoothedUs}; 0 before the first one. */
  get marginUs(): number {
    return this.isKnown ? DEVIATIONS * Math.max(this.#deviationUs, LEAST_DEVIATION_US) : 0;
  }

  /** Whether the way is longer than a cable's. */
  get isSlow(): boolean {
    return this.smoothedUs > SLOW_FROM_US;
  }

  /** Whether replies are waited for as long as they may take. */
  get isWaitedFor(): boolean {
    return this.neededUs <= this.#longestWaitUs;
  }

  /** For how long replies would have to be waited for, µs. */
  get neededUs(): number {
    return this.smoothedUs + this.marginUs;
  }

  /** Nothing is waited for longer than this, µs. */
  waitAtMost(longestUs: number): void {
    this.#longestWaitUs = longestUs;
  }

  /** For how long a reply is worth waiting, µs: no shorter than `atLeastUs`, which is enough for a cable. */
  patienceUs(lineUs: number, atLeastUs: number): number {
    return Math.max(atLeastUs, Math.min(this.neededUs + lineUs, this.#longestWaitUs));
  }

  /**
   * Takes in that a reply was not there `earliestUs` after its request, and was `latestUs` after it; its bytes take
   * `lineUs` on the line. Where the two are far apart, because nobody looked between, only what they rule out is learned.
   */
  take(earliestUs: number, latestUs: number, lineUs: number): void {
    const expectedUs = this.isKnown ? this.#smoothedUs + lineUs : latestUs;
    const tookUs = Math.min(Math.max(expectedUs, earliestUs), latestUs);
    this.#counts.note(tookUs);
    const sampleUs = Math.max(tookUs - lineUs, 0);
    if (!this.isKnown) {
      this.#smoothedUs = sampleUs;
      this.#deviationUs = sampleUs * FIRST_DEVIATION;
      return;
    }
    const distanceUs = Math.abs(sampleUs - this.#smoothedUs);
    const more = distanceUs - this.#deviationUs;
    // Of the first few the mean: the guess that it began with is soon forgotten.
    this.#deviationUs +=
      more * (more > 0 ? DEVIATION_RISES : Math.max(DEVIATION_FALLS, 1 / this.#counts.count));
    this.#smoothedUs += (sampleUs - this.#smoothedUs) * FOLLOWS;
  }

  /** The round trip in ms that the given share (0…1) of the last ones did not exceed; null when there was none. */
  percentileMs(share: number): number | null {
    return roundTripMs(this.#counts.counts, share);
  }
}

/** Counts how often something took how long, for {@link roundTripMs}. Allocates nothing after construction. */
export class TimeCounts {
  readonly counts: Uint32Array;
  #count = 0;

  /** Counts in `counts`, of {@link ROUND_TRIP_BUCKETS}, which somebody else may read. */
  constructor(counts: Uint32Array) {
    this.counts = counts;
  }

  /** How many are remembered. */
  get count(): number {
    return this.#count;
  }

  /** Takes in a time, µs, not less than 0. */
  note(us: number): void {
    if (++this.#count > REMEMBERED) {
      this.#count = REMEMBERED / 2;
      for (let bucket = 0; bucket < ROUND_TRIP_BUCKETS; bucket++) this.counts[bucket]! >>= 1;
    }
    this.counts[Math.min(Math.floor(us / BUCKET_US), ROUND_TRIP_BUCKETS - 1)]!++;
  }
}

/** The round trip in ms that the given share (0…1) of those counted did not exceed; null when there was none. */
export function roundTripMs(counts: Uint32Array, share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  const bucket = counts.findIndex((count) => {
    seen += count;
    return seen >= share * total;
  });
  return ((bucket + 1) * BUCKET_US) / 1e3;
}
