/**
 * The ring of samples: what was read and written in each tick, for whoever records, shows or sends it. The control
 * thread writes and never waits; a reader that is slow loses samples, and knows how many.
 */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { PAIR_STATES, type PairState } from "../state/states.ts";

/** So many samples are kept: two seconds at 500 Hz. */
export const SAMPLES_KEPT = 1_024;

/** The state, then the joints' positions and goals. */
const LEADER = 1;
const GOALS = LEADER + JOINT_COUNT;
const FOLLOWER = GOALS + JOINT_COUNT;
/** Words of one sample beside its time. */
export const SAMPLE_WORDS = FOLLOWER + JOINT_COUNT;

/** A position that has not been read, or a goal that has not been given. */
export const UNKNOWN_STEPS = -1;

/** Positions, or goals, of an arm of which none is known. */
export const UNKNOWN_POSITIONS: readonly number[] = Array.from({ length: JOINT_COUNT }, () => UNKNOWN_STEPS);

/** The memory of a ring. */
export interface SampleMemory {
  readonly sampleCount: Int32Array;
  readonly sampleTimes: Float64Array;
  readonly samples: Int16Array;
  /** When the follower's positions of each sample were asked for. */
  readonly followerTimes: Float64Array;
  /** How many read the samples who want new positions of the follower in each, for `Atomics`. */
  readonly recorders: Int32Array;
}

/** One tick: positions and goals in steps, in the joints' order, null where unknown. */
export interface Sample {
  /** Of CLOCK_MONOTONIC, µs. */
  readonly timeUs: number;
  readonly state: PairState;
  readonly leader: (number | null)[];
  readonly goals: (number | null)[];
  /** As read last: of all six joints within some ticks, while it is recorded in the slack before the tick. */
  readonly follower: (number | null)[];
  /** When all six of them were asked for last, µs as above; null where that is not known, or one was asked again since. */
  readonly followerUs: number | null;
}

/** The control thread's side. Allocates nothing. */
export class SampleWriter {
  readonly #memory: SampleMemory;

  constructor(memory: SampleMemory) {
    this.#memory = memory;
  }

  /** Whether somebody wants new positions of the follower in each sample. */
  get areRecorded(): boolean {
    return Atomics.load(this.#memory.recorders, 0) > 0;
  }

  /**
   * Adds a sample; the oldest goes. Positions and goals in steps, {@link UNKNOWN_STEPS} where there is none; `followerUs`
   * is when all of the follower's were asked for last, NaN where that is not known.
   */
  write(
    timeUs: number,
    state: PairState,
    leader: ArrayLike<number>,
    goals: ArrayLike<number>,
    follower: ArrayLike<number>,
    followerUs = Number.NaN,
  ): void {
    const { sampleCount, sampleTimes, samples, followerTimes } = this.#memory;
    const slot = slotOf(sampleCount[0]!);
    const at = slot * SAMPLE_WORDS;
    sampleTimes[slot] = timeUs;
    followerTimes[slot] = followerUs;
    samples[at] = PAIR_STATES.indexOf(state);
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      samples[at + LEADER + joint] = leader[joint]!;
      samples[at + GOALS + joint] = goals[joint]!;
      samples[at + FOLLOWER + joint] = follower[joint]!;
    }
    Atomics.add(sampleCount, 0, 1);
  }
}

/** One reader of the ring, from when it is made. */
export class SampleReader {
  readonly #memory: SampleMemory;
  #next: number;
  /** Samples that were overwritten before they were read, or passed over. */
  lost = 0;

  constructor(memory: SampleMemory) {
    this.#memory = memory;
    this.#next = Atomics.load(memory.sampleCount, 0);
  }

  /** The oldest sample that was not read yet, those from before `fromUs` left out; undefined when there is none. */
  next(fromUs = Number.NEGATIVE_INFINITY): Sample | undefined {
    for (;;) {
      const behind = this.#behind();
      if (behind === 0) return undefined;
      // The slot that is written next may be half written.
      if (behind >= SAMPLES_KEPT) this.#skip(behind - SAMPLES_KEPT + 1);
      const slot = slotOf(this.#next);
      const sample = this.#memory.sampleTimes[slot]! < fromUs ? undefined : this.#sampleAt(slot);
      if (this.#behind() >= SAMPLES_KEPT) continue;
      this.#next = (this.#next + 1) | 0;
      if (sample !== undefined) return sample;
    }
  }

  /** Loses the samples that were not read yet. */
  lose(): void {
    this.#skip(this.#behind());
  }

  /** How many samples were not read yet; the count of all is a word, and wraps. */
  #behind(): number {
    return (Atomics.load(this.#memory.sampleCount, 0) - this.#next) >>> 0;
  }

  #skip(count: number): void {
    this.lost += count;
    this.#next = (this.#next + count) | 0;
  }

  #sampleAt(slot: number): Sample {
    const { sampleTimes, samples, followerTimes } = this.#memory;
    const followerUs = followerTimes[slot]!;
    const at = slot * SAMPLE_WORDS;
    const steps = (from: number) =>
      Array.from(samples.subarray(at + from, at + from + JOINT_COUNT), (value) =>
        value === UNKNOWN_STEPS ? null : value,
      );
    return {
      timeUs: sampleTimes[slot]!,
      state: PAIR_STATES[samples[at]!] ?? "waiting",
      leader: steps(LEADER),
      goals: steps(GOALS),
      follower: steps(FOLLOWER),
      followerUs: Number.isNaN(followerUs) ? null : followerUs,
    };
  }
}

function slotOf(count: number): number {
  return (count >>> 0) % SAMPLES_KEPT;
}
