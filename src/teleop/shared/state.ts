/**
 * The memory that the control thread and the main thread share: state and samples out, commands in.
 * The control thread never yields, so nothing else reaches it. This file is the one place that knows the layout.
 */
import { JOINT_COUNT, ROLES, type Role } from "../../arm/joints.ts";

/** The states of a pair, in the order of their numbers in shared memory. */
export const PAIR_STATES = [
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

/**
 * What the main thread may ask of the control thread: a look at the mode and the settings, a stop, a quick one, or an
 * end that leaves the follower held for the program that comes next.
 */
export const Command = { none: 0, attention: 1, stop: 2, stopQuickly: 3, handOver: 4 } as const;

/** How the control thread may be asked to end. */
export type Ending = "stop" | "stopQuickly" | "handOver";

/** Whether the pair may teleoperate: yes, no but hold the follower, no and let it go; by their numbers. */
export const PAIR_MODES = ["running", "paused", "released"] as const;

/** What a person beside the arms wants of the pair. */
export type Mode = (typeof PAIR_MODES)[number];

/** Settings come as JSON of at most so many bytes. */
const SETTINGS_ROOM = 16_384;

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
  /** Leader positions that no joint could have reached since the one before. */
  "glitches",
  "alignments",
] as const;

/** The name of a counter. */
export type CounterName = (typeof COUNTERS)[number];

/** What is counted of each arm's bus. */
const BUS_COUNTERS = ["timeouts", "corrupted", "noiseBytes", "retries"] as const;

/** The name of a counter of a bus. */
export type BusCounterName = (typeof BUS_COUNTERS)[number];

/** The figures that are kept for each joint of each arm, in the units of the registers they come from. */
const JOINT_FIGURES = [
  "position",
  /** Never of the leader. */
  "goal",
  "torque",
  "velocity",
  "load",
  "current",
  "voltage",
  "temperature",
  "errorBits",
  /** Replies that did not come or came damaged. */
  "misses",
] as const;

/** The name of a figure kept for each joint. */
export type JointFigure = (typeof JOINT_FIGURES)[number];

const COMMAND_WORD = 0;
const STATE_WORD = 1;
const MODE_WORD = 2;
const HEARTBEAT_WORD = 3;
/** The number of the settings that were sent last, … */
const SETTINGS_WORD = 4;
/** … and their size. */
const SETTINGS_SIZE_WORD = 5;
const WORDS = 6;
const DOUBLES_AT = 8 * Math.ceil((WORDS * 4) / 8);
const BUSES_AT = COUNTERS.length;
const JOINTS_AT = BUSES_AT + BUS_COUNTERS.length * ROLES.length;
const MAX_LATENESS = JOINTS_AT + JOINT_FIGURES.length * JOINT_COUNT * ROLES.length;
const DOUBLES = MAX_LATENESS + 1;
const LATENESS_AT = DOUBLES_AT + DOUBLES * 8;
const SETTINGS_AT = LATENESS_AT + LATENESS_BUCKETS * 4;
const SIZE = SETTINGS_AT + SETTINGS_ROOM;

/** A figure that has never been read. */
const UNKNOWN = Number.NaN;

/** Named access to the shared memory, from either side. Nothing here allocates after construction. */
export class SharedState {
  readonly buffer: SharedArrayBuffer;
  /** How late ticks began: counts by buckets of {@link LATENESS_BUCKET_US}. */
  readonly lateness: Uint32Array;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #settings: Uint8Array;
  /** The number of the settings that this side has taken. */
  #settingsTaken = 0;

  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(SIZE);
    this.#words = new Int32Array(this.buffer, 0, WORDS);
    this.#doubles = new Float64Array(this.buffer, DOUBLES_AT, DOUBLES);
    this.lateness = new Uint32Array(this.buffer, LATENESS_AT, LATENESS_BUCKETS);
    this.#settings = new Uint8Array(this.buffer, SETTINGS_AT, SETTINGS_ROOM);
    if (buffer === undefined) this.#doubles.fill(UNKNOWN, JOINTS_AT, MAX_LATENESS);
  }

  /** Asks the control thread to end and wakes it if it waits. Main thread only. */
  requestEnd(ending: Ending): void {
    Atomics.store(this.#words, COMMAND_WORD, Command[ending]);
    Atomics.notify(this.#words, COMMAND_WORD);
  }

  /** What the main thread asks for; a value of {@link Command}. */
  get command(): number {
    return Atomics.load(this.#words, COMMAND_WORD);
  }

  /** True once an end was asked for. */
  get isStopping(): boolean {
    return this.command >= Command.stop;
  }

  /** Takes a request for attention, if there is one; a stop stays. */
  attend(): void {
    Atomics.compareExchange(this.#words, COMMAND_WORD, Command.attention, Command.none);
  }

  /** Blocks the control thread for a time, or until the main thread asks for something. */
  waitForCommand(timeoutMs: number): void {
    Atomics.wait(this.#words, COMMAND_WORD, Command.none, timeoutMs);
  }

  /** What the person beside the arms wants. Setting it wakes the control thread. */
  get mode(): Mode {
    return PAIR_MODES[Atomics.load(this.#words, MODE_WORD)]!;
  }

  set mode(mode: Mode) {
    Atomics.store(this.#words, MODE_WORD, PAIR_MODES.indexOf(mode));
    this.#callAttention();
  }

  /** Hands settings over, and wakes the control thread. Main thread only. Throws RangeError when they are too long. */
  sendSettings(settings: object): void {
    const json = new TextEncoder().encode(JSON.stringify(settings));
    this.#settings.set(json);
    Atomics.store(this.#words, SETTINGS_SIZE_WORD, json.length);
    Atomics.add(this.#words, SETTINGS_WORD, 1);
    this.#callAttention();
  }

  /** Settings that were sent and not taken yet. */
  takeSettings(): unknown {
    const number = Atomics.load(this.#words, SETTINGS_WORD);
    if (number === this.#settingsTaken) return undefined;
    this.#settingsTaken = number;
    const size = Atomics.load(this.#words, SETTINGS_SIZE_WORD);
    return JSON.parse(new TextDecoder().decode(this.#settings.slice(0, size)));
  }

  /** Shows that the control thread gets on. */
  beat(): void {
    Atomics.add(this.#words, HEARTBEAT_WORD, 1);
  }

  /** Changes whenever the control thread gets on. */
  get heartbeat(): number {
    return Atomics.load(this.#words, HEARTBEAT_WORD);
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

  count(name: CounterName, by = 1): void {
    this.#doubles[COUNTERS.indexOf(name)]! += by;
  }

  bus(role: Role, name: BusCounterName): number {
    return this.#doubles[busAt(role, name)]!;
  }

  setBus(role: Role, name: BusCounterName, value: number): void {
    this.#doubles[busAt(role, name)] = value;
  }

  joint(role: Role, index: number, figure: JointFigure): number {
    return this.#doubles[jointAt(role, index, figure)]!;
  }

  setJoint(role: Role, index: number, figure: JointFigure, value: number): void {
    this.#doubles[jointAt(role, index, figure)] = value;
  }

  /** An arm is gone: what was known of it is unknown. */
  forgetArm(role: Role): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      for (const figure of JOINT_FIGURES) {
        if (figure !== "misses") this.setJoint(role, joint, figure, UNKNOWN);
      }
    }
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

  #callAttention(): void {
    Atomics.compareExchange(this.#words, COMMAND_WORD, Command.none, Command.attention);
    Atomics.notify(this.#words, COMMAND_WORD);
  }
}

function busAt(role: Role, name: BusCounterName): number {
  return BUSES_AT + ROLES.indexOf(role) * BUS_COUNTERS.length + BUS_COUNTERS.indexOf(name);
}

function jointAt(role: Role, joint: number, figure: JointFigure): number {
  const ofArm = JOINT_FIGURES.indexOf(figure) * JOINT_COUNT + joint;
  return JOINTS_AT + ROLES.indexOf(role) * JOINT_FIGURES.length * JOINT_COUNT + ofArm;
}
