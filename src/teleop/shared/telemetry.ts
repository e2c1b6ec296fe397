/** Figures that the control thread publishes and the main thread reads: counters, and what each joint reports. */
import { JOINT_COUNT, ROLES, type Role } from "../../arm/joints.ts";
import { UNKNOWN_STEPS } from "./samples.ts";

/** The counters that only ever grow. */
const COUNTERS = [
  "ticks",
  /** Slots of the time grid that went by without a tick, because the one before came too late. */
  "overruns",
  /** Time spent in the control loop, in µs. */
  "loopUs",
  "leaderMisses",
  "followerMisses",
  "alignments",
  /** Of the leader of another machine: samples that were acted upon, … */
  "remoteSamples",
  /** … those that were not: no newer than one before, too late, of another leader or none at all, … */
  "remoteOld",
  "remoteLate",
  "remoteOthers",
  "remoteRubbish",
  /** … and those that never came, by their numbers. */
  "remoteMissing",
  /** Of clients: targets that were acted upon, and datagrams that were none. */
  "targets",
  "targetsRefused",
] as const;

/** The name of a counter. */
export type CounterName = (typeof COUNTERS)[number];

/** What is counted of each arm's bus. */
const BUS_COUNTERS = ["timeouts", "late", "corrupted", "noiseBytes", "strays", "retries"] as const;

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

/** Counters, then the longest time between two samples of the leader of another machine, µs. */
const LONGEST_GAP_AT = COUNTERS.length;
const BUSES_AT = LONGEST_GAP_AT + 1;
const JOINTS_AT = BUSES_AT + BUS_COUNTERS.length * ROLES.length;
/** How many figures there are. */
export const FIGURE_COUNT = JOINTS_AT + JOINT_FIGURES.length * JOINT_COUNT * ROLES.length;

/** A figure that has never been read. */
const UNKNOWN = Number.NaN;

/** The memory of the figures. */
export interface TelemetryMemory {
  readonly heartbeat: Int32Array;
  readonly figures: Float64Array;
}

/** Named access to the figures, from either side. Nothing here allocates after construction. */
export class Telemetry {
  readonly #heartbeat: Int32Array;
  readonly #figures: Float64Array;

  constructor({ heartbeat, figures }: TelemetryMemory) {
    this.#heartbeat = heartbeat;
    this.#figures = figures;
  }

  /** Makes every figure of the joints unknown: at the start, before anything was read. */
  forgetAll(): void {
    this.#figures.fill(UNKNOWN, JOINTS_AT);
  }

  /** Shows that the control thread gets on. */
  beat(): void {
    Atomics.add(this.#heartbeat, 0, 1);
  }

  /** Changes whenever the control thread gets on. */
  get heartbeat(): number {
    return Atomics.load(this.#heartbeat, 0);
  }

  counter(name: CounterName): number {
    return this.#figures[COUNTERS.indexOf(name)]!;
  }

  count(name: CounterName, by = 1): void {
    this.#figures[COUNTERS.indexOf(name)]! += by;
  }

  /** The longest time between two samples of the leader of another machine that were acted upon in one run, µs. */
  get longestGapUs(): number {
    return this.#figures[LONGEST_GAP_AT]!;
  }

  /** Takes in such a time, µs. */
  noteGap(us: number): void {
    if (us > this.#figures[LONGEST_GAP_AT]!) this.#figures[LONGEST_GAP_AT] = us;
  }

  bus(role: Role, name: BusCounterName): number {
    return this.#figures[busAt(role, name)]!;
  }

  setBus(role: Role, name: BusCounterName, value: number): void {
    this.#figures[busAt(role, name)] = value;
  }

  /** NaN when it was never read. */
  joint(role: Role, index: number, figure: JointFigure): number {
    return this.#figures[jointAt(role, index, figure)]!;
  }

  setJoint(role: Role, index: number, figure: JointFigure, value: number): void {
    this.#figures[jointAt(role, index, figure)] = value;
  }

  /** Sets where the joints of an arm are, in steps; {@link UNKNOWN_STEPS} where that is not known. */
  setPositions(role: Role, positions: ArrayLike<number>): void {
    const at = jointAt(role, 0, "position");
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const position = positions[joint]!;
      this.#figures[at + joint] = position === UNKNOWN_STEPS ? UNKNOWN : position;
    }
  }

  /** Sets a figure of all joints of an arm, in the joints' order. */
  setJoints(role: Role, figure: JointFigure, values: ArrayLike<number>): void {
    const at = jointAt(role, 0, figure);
    for (let joint = 0; joint < JOINT_COUNT; joint++) this.#figures[at + joint] = values[joint]!;
  }

  /** An arm is gone: what was known of it is unknown, but for what it has missed. */
  forgetArm(role: Role): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      for (const figure of JOINT_FIGURES) {
        if (figure !== "misses") this.setJoint(role, joint, figure, UNKNOWN);
      }
    }
  }
}

function busAt(role: Role, name: BusCounterName): number {
  return BUSES_AT + ROLES.indexOf(role) * BUS_COUNTERS.length + BUS_COUNTERS.indexOf(name);
}

function jointAt(role: Role, joint: number, figure: JointFigure): number {
  const ofArm = JOINT_FIGURES.indexOf(figure) * JOINT_COUNT + joint;
  return JOINTS_AT + ROLES.indexOf(role) * JOINT_FIGURES.length * JOINT_COUNT + ofArm;
}
