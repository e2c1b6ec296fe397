/**
 * Which of those that publish under one leader's name is followed: one epoch until it was silent for the hold time. What
 * others publish meanwhile is counted: two machines have one name, or somebody plays a game. Pure.
 */
import { isNewer } from "../../teleop/remote/sample.ts";

/** No leader is read so often, per s: a sequence number that runs ahead of that is no leader's. */
const MOST_PER_S = 1_000;
/** So far a sequence number may be ahead whatever the time: clocks and scheduling are not exact. */
const AHEAD = 200;

/** What becomes of a sample. */
export type Verdict =
  /** It is newer than all before: to be handed on. */
  | "newest"
  /** A newer one of its epoch was there before it, or its number cannot be. */
  | "old"
  /** It is of another epoch than the one that is followed. */
  | "other"
  /** What must be known of its epoch's leader is not known. */
  | "unknown";

/** Follows one epoch at a time. */
export class Epochs {
  readonly #holdMs: number;
  #followed: string | undefined;
  #sequence = 0;
  #newestMs = Number.NEGATIVE_INFINITY;

  /** `holdMs` is what a follower waits for a sample before it holds. */
  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** The epoch that is followed; undefined before there was one. */
  get followed(): string | undefined {
    return this.#followed;
  }

  /** When its newest sample came, ms; −∞ before there was one. */
  get newestMs(): number {
    return this.#newestMs;
  }

  /** Whether its samples come. */
  isHeard(nowMs: number): boolean {
    return nowMs - this.#newestMs < this.#holdMs;
  }

  /** Judges a sample that has come at `nowMs`; `isKnown` says of an epoch whether its leader's calibration is known. */
  judge(epoch: string, sequence: number, nowMs: number, isKnown: (epoch: string) => boolean): Verdict {
    const isHeard = this.isHeard(nowMs);
    if (isHeard && epoch !== this.#followed) return "other";
    if (!isKnown(epoch)) return "unknown";
    // After a silence whoever speaks first is followed, also the one before, whatever its numbers were.
    if (isHeard && !this.#isNext(sequence, nowMs)) return "old";
    this.#followed = epoch;
    this.#sequence = sequence;
    this.#newestMs = nowMs;
    return "newest";
  }

  #isNext(sequence: number, nowMs: number): boolean {
    const ahead = (sequence - this.#sequence) >>> 0;
    return (
      isNewer(sequence, this.#sequence) && ahead <= AHEAD + ((nowMs - this.#newestMs) * MOST_PER_S) / 1e3
    );
  }
}
