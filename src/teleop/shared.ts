/**
 * The memory that the control thread and the main thread share: state and samples out, commands in.
 * The control thread never yields, so nothing else reaches it. This file is the one place that knows the layout.
 */
import { JOINT_COUNT } from "../arm/joints.ts";

/** The states of a pair, in the order of their numbers in shared memory. */
const PAIR_STATES = [
  "waiting",
  "connecting",
  "aligning",
  "following",
  "holding",
  "faulted",
  "stopped",
] as const;

/** What a pair is doing. */
export type PairState = (typeof PAIR_STATES)[number];

/** What the main thread may ask of the control thread. */
export const Command = { none: 0, stop: 1 } as const;

/** Lateness is counted in buckets of this width, … */
const LATENESS_BUCKET_US = 5;
/** … so many of them; the last one holds everything beyond. */
const LATENESS_BUCKETS = 2_000;

/** The counters that only ever grow. */
const COUNTERS = [
  "ticks",
  "missedTicks",
  /** Time spent in the control loop, in µs. */
  "loopUs",
  "leaderMisses",
  "followerMisses",
  "corruptedReplies",
  "noiseBytes",
  "alignments",
] as const;

/** The name of a counter. */
export type CounterName = (typeof COUNTERS)[number];

/** The figures that are kept for each joint. */
const JOINT_FIGURES = [
  "leaderPosition",
  "followerPosition",
  "goal",
  "leaderMisses",
  "followerMisses",
] as const;

/** The name of a figure kept for each joint: positions and goals in steps, misses counted. */
export type JointFigure = (typeof JOINT_FIGURES)[number];

const COMMAND_WORD = 0;
const STATE_WORD = 1;
const WORDS = 2;
const DOUBLES_AT = 8 * Math.ceil((WORDS * 4) / 8);
const JOINTS_AT = COUNTERS.length;
const MAX_LATENESS = JOINTS_AT + JOINT_FIGURES.length * JOINT_COUNT;
const DOUBLES = MAX_LATENESS + 1;
const LATENESS_AT = DOUBLES_AT + DOUBLES * 8;
const SIZE = LATENESS_AT + LATENESS_BUCKETS * 4;

/** A figure that has never been read. */
const UNKNOWN = Number.NaN;

/** Named access to the shared memory, from either side. Nothing here allocates after construction. */
export class SharedState {
  readonly buffer: SharedArrayBuffer;
  /** How late ticks began: counts by buckets of {@link LATENESS_BUCKET_US}. */
  readonly lateness: Uint32Array;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;

  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(SIZE);
    this.#words = new Int32Array(this.buffer, 0, WORDS);
    this.#doubles = new Float64Array(this.buffer, DOUBLES_AT, DOUBLES);
    this.lateness = new Uint32Array(this.buffer, LATENESS_AT, LATENESS_BUCKETS);
    if (buffer === undefined) this.#doubles.fill(UNKNOWN, JOINTS_AT, MAX_LATENESS);
  }

  /** Asks the control thread for something and wakes it if it waits. Main thread only. */
  request(command: number): void {
    Atomics.store(this.#words, COMMAND_WORD, command);
    Atomics.notify(this.#words, COMMAND_WORD);
  }

  /** What the main thread asks for; a value of {@link Command}. */
  get command(): number {
    return Atomics.load(this.#words, COMMAND_WORD);
  }

  /** Blocks the control thread for a time, or until the main thread asks for something. */
  waitForCommand(timeoutMs: number): void {
    Atomics.wait(this.#words, COMMAND_WORD, Command.none, timeoutMs);
  }

  get state(): PairState {
    return PAIR_STATES[Atomics.load(this.#words, STATE_WORD)]!;
  }

  set state(state: PairState) {
    Atomics.store(this.#words, STATE_WORD, PAIR_STATES.indexOf(state));
  }

  counter(name: CounterName): number {
    return this.#doubles[COUNTERS.indexOf(name)]!;
  }

  setCounter(name: CounterName, value: number): void {
    this.#doubles[COUNTERS.indexOf(name)] = value;
  }

  count(name: CounterName, by = 1): void {
    this.#doubles[COUNTERS.indexOf(name)]! += by;
  }

  joint(index: number, figure: JointFigure): number {
    return this.#doubles[JOINTS_AT + JOINT_FIGURES.indexOf(figure) * JOINT_COUNT + index]!;
  }

  setJoint(index: number, figure: JointFigure, value: number): void {
    this.#doubles[JOINTS_AT + JOINT_FIGURES.indexOf(figure) * JOINT_COUNT + index] = value;
  }

  /** Notes by how much a tick began late. */
  countLateness(us: number): void {
    const bucket = Math.min(Math.max(Math.floor(us / LATENESS_BUCKET_US), 0), LATENESS_BUCKETS - 1);
    this.lateness[bucket]!++;
    if (us > this.#doubles[MAX_LATENESS]!) this.#doubles[MAX_LATENESS] = us;
  }

  /** The latest that any tick began, in µs. */
  get maxLatenessUs(): number {
    return this.#doubles[MAX_LATENESS]!;
  }

  /** The lateness in µs that the given share (0…1) of ticks did not exceed, to the width of a bucket. */
  latenessPercentileUs(share: number): number {
    let total = 0;
    for (const count of this.lateness) total += count;
    let seen = 0;
    for (let bucket = 0; bucket < LATENESS_BUCKETS; bucket++) {
      seen += this.lateness[bucket]!;
      if (seen >= share * total) return Math.min((bucket + 1) * LATENESS_BUCKET_US, this.maxLatenessUs);
    }
    return this.maxLatenessUs;
  }
}
