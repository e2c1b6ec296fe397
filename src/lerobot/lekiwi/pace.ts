/**
 * How often an observation is sent. LeKiwi's client takes the newest of what it finds, but hardly more than two or three
 * at a time (its queue is that short); what it does not find in time waits, and it sees the past. So who commands slowly is
 * sent no more than it takes.
 */

/** As LeKiwi's host, 30 times a second, for who only looks on. */
const ONLOOKER_MS = 1_000 / 30;
/** Who commands is sent three observations a command, … */
const OF_A_COMMAND = 3;
/** … as far as the follower is read anew, 50 times a second, … */
const LEAST_MS = 20;
/** … and one with each command, unless one went just before. */
const JUST_BEFORE_MS = 5;
/** Who has commanded nothing for so long only looks on. */
const ONLOOKER_AFTER_MS = 10_000;
/** Who has commanded nothing for so long, and begins, may not have read what it was sent meanwhile, … */
const UNREAD_AFTER_MS = 1_000;
/** … which is worth to be thrown away where it is more than it finds in a few looks. */
const UNREAD_COUNT = 15;

/** The pace of one client. Times are of performance.now(), ms. */
export class Pace {
  #commandedMs = Number.NEGATIVE_INFINITY;
  /** Between the last two commands. */
  #betweenMs = 0;
  #sentMs = Number.NEGATIVE_INFINITY;
  /** From when on the next one is due. */
  #dueMs = Number.NEGATIVE_INFINITY;
  /** Observations since the last command. */
  #sentSince = 0;
  #isAsked = false;

  /** A command has come. Whether its client sees the past now, as far as it has not read since the one before. */
  command(nowMs: number): "up to date" | "maybe behind" {
    const betweenMs = nowMs - this.#commandedMs;
    const isBehind = betweenMs > UNREAD_AFTER_MS && this.#sentSince > UNREAD_COUNT;
    this.#betweenMs = betweenMs < ONLOOKER_AFTER_MS ? betweenMs : 0;
    this.#commandedMs = nowMs;
    this.#sentSince = 0;
    this.#isAsked = true;
    return isBehind ? "maybe behind" : "up to date";
  }

  /** Whether an observation is to be sent now. */
  isDue(nowMs: number): boolean {
    return (this.#isAsked && nowMs - this.#sentMs >= JUST_BEFORE_MS) || nowMs >= this.#dueMs;
  }

  /** One was sent. */
  sent(nowMs: number): void {
    const distanceMs = this.#distanceMs(nowMs);
    // Samples come at a distance of their own: what one was late is taken off the next, so that they are as many as they should.
    const fromMs = this.#isAsked ? nowMs : Math.max(this.#dueMs, nowMs - distanceMs / 2);
    this.#dueMs = fromMs + distanceMs;
    this.#sentMs = nowMs;
    this.#sentSince++;
    this.#isAsked = false;
  }

  #distanceMs(nowMs: number): number {
    const sinceMs = nowMs - this.#commandedMs;
    if (sinceMs > ONLOOKER_AFTER_MS) return ONLOOKER_MS;
    return Math.max(LEAST_MS, Math.max(this.#betweenMs, sinceMs) / OF_A_COMMAND);
  }
}
