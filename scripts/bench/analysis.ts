/** What a simulation's record says about the program that drove the arms: latency, rate and lateness. */
import { Instruction } from "../../src/feetech/packet.ts";
import { registers } from "../../src/feetech/registers.ts";
import { JOINTS } from "../../src/sim/arm/joints.ts";
import type { BytesEntry, RecordEntry } from "../../src/sim/record/entries.ts";
import { bytesOf } from "../../src/sim/testing/record.ts";

/** Some of a distribution's percentiles, all in the unit of its values. */
export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The value that the given share (0…1) of the sorted values does not exceed; NaN of none. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? Number.NaN;
}

/** Summarises values in any order. */
export function distribution(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  return {
    count: sorted.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    max: percentile(sorted, 1),
  };
}

/** The middle value; of an even number the mean of the middle two; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** What the times of ticks say about how well they kept to their grid. */
export interface Pace {
  /** How often a second they came. */
  readonly reachedHz: number;
  /** The slots of the grid, from the first tick to the last, … */
  readonly slots: number;
  /** … those in which no tick began, because it came too late, … */
  readonly overruns: number;
  /** … and how many more slots there are than ticks: a loop that does not catch up gives them up. */
  readonly skipped: number;
  /** How much later than the most punctual of them ticks came, µs. */
  readonly latenessUs: Distribution;
}

/** Ticks within so much of each other, on the grid, count as equally punctual when the grid is looked for. */
const PUNCTUAL_WITHIN_US = 20;

/**
 * A tick may be earlier than most by this share of the period, because most are a little late, and the later the longer a
 * core sleeps in between; earlier still, it is a late one of the slot before. A loop that skips slots has late ones just
 * before the next slot.
 */
const EARLY_SHARE = 0.05;

/** The share of the ticks that may be early for reasons of their own, and are not what the others are late by. */
const ODD_SHARE = 0.01;

/** Judges the times of ticks, in µs and in order, by a grid of `rateHz` on which the most punctual ticks are. */
export function paceOf(timesUs: readonly number[], rateHz: number): Pace {
  const periodUs = 1e6 / rateHz;
  const originUs = commonestPhase(timesUs, periodUs);
  const begunIn = timesUs.map((time) => Math.floor((time - originUs) / periodUs + EARLY_SHARE));
  // Two ticks in one slot: the first of them is a late one, of the slot before.
  const meantFor = [...begunIn];
  for (let i = begunIn.length - 2; i >= 0; i--) meantFor[i] = Math.min(begunIn[i]!, meantFor[i + 1]! - 1);
  const offsetsUs = timesUs.map((time, i) => time - originUs - meantFor[i]! * periodUs);
  const punctualUs = percentile(Float64Array.from(offsetsUs).sort(), ODD_SHARE);
  const slots = meantFor.length === 0 ? 0 : meantFor.at(-1)! - meantFor[0]! + 1;
  return {
    reachedHz: ((timesUs.length - 1) * 1e6) / (timesUs.at(-1)! - timesUs[0]!),
    slots,
    overruns: slots - new Set(begunIn).size,
    skipped: slots - meantFor.length,
    latenessUs: distribution(offsetsUs.map((offset) => Math.max(offset - punctualUs, 0))),
  };
}

/** Where in the period the stretch of {@link PUNCTUAL_WITHIN_US} begins in which most of the times lie. */
function commonestPhase(timesUs: readonly number[], periodUs: number): number {
  const phases = Float64Array.from(timesUs, (time) => time % periodUs).sort();
  const count = phases.length;
  const phase = (index: number) => phases[index % count]! + (index < count ? 0 : periodUs);
  let best = 0;
  let most = 0;
  for (let start = 0, end = 0; start < count; start++) {
    while (end < start + count && phase(end) - phases[start]! <= PUNCTUAL_WITHIN_US) end++;
    if (end - start > most) [best, most] = [start, end - start];
  }
  return phases[best] ?? Number.NaN;
}

/** The marks that a run leaves in the record: what lies between them is measured. */
export const MARKS = { begin: "measurement begins", end: "measurement ends" } as const;

/** What one run's record holds between its {@link MARKS}. */
export interface Measured {
  /** From the last byte of the leader's positions to the first byte of the goals made of them, µs. */
  readonly latenciesUs: readonly number[];
  /** When each request for the leader's positions came, µs: one a tick. */
  readonly requestsUs: readonly number[];
  /** How often a second something was sent to an arm, answered or not. */
  readonly transfersPerS: number;
  /** When the follower's first goals came, also before the marks, µs; undefined when none did. */
  readonly firstGoalUs: number | undefined;
}

/** Collects, entry by entry, what a record holds between its marks. */
export class Measurement implements Measured {
  readonly latenciesUs: number[] = [];
  readonly requestsUs: number[] = [];
  firstGoalUs: number | undefined;
  #measuring = false;
  #transfers = 0;
  #beganUs = Number.NaN;
  #endedUs = Number.NaN;
  /** Whether the leader was last asked for the positions of all joints, or for something else in the slack of a tick. */
  #askedPositions = false;
  #repliedUs: number | undefined;

  /** Looks at the next entry. */
  see(entry: RecordEntry): void {
    if (entry.kind === "mark") {
      this.#measuring = entry.text === MARKS.begin;
      if (this.#measuring) this.#beganUs = entry.t;
      if (entry.text === MARKS.end) this.#endedUs = entry.t;
      this.#askedPositions = false;
      this.#repliedUs = undefined;
    } else if (entry.kind === "request" || entry.kind === "reply") {
      const goals = entry.arm === "follower" && isGoals(entry);
      if (goals) this.firstGoalUs ??= entry.firstT;
      if (!this.#measuring) return;
      if (entry.kind === "request") this.#transfers++;
      if (entry.arm === "leader") this.#leader(entry);
      else if (goals) this.#goals(entry);
    }
  }

  get transfersPerS(): number {
    return (this.#transfers * 1e6) / (this.#endedUs - this.#beganUs);
  }

  #leader(entry: BytesEntry): void {
    if (entry.kind === "request") {
      this.#askedPositions = isPositionsRead(entry);
      if (this.#askedPositions) this.requestsUs.push(entry.firstT);
    } else if (this.#askedPositions) {
      this.#repliedUs = entry.lastT;
    }
  }

  #goals(entry: BytesEntry): void {
    if (this.#repliedUs !== undefined) this.latenciesUs.push(entry.firstT - this.#repliedUs);
    this.#repliedUs = undefined;
  }
}

/** True of a request that reads the positions of all servos: what a tick begins with. */
export function isPositionsRead(entry: BytesEntry): boolean {
  return concerns(entry, Instruction.syncRead, registers.present_position.address, JOINTS.length);
}

/** True of a request that writes goal positions to several servos. */
export function isGoals(entry: BytesEntry): boolean {
  return concerns(entry, Instruction.syncWrite, registers.goal_position.address, 2);
}

/** The goals of such a request, in steps, by the servos' ids. */
export function goalsIn(entry: BytesEntry): { readonly id: number; readonly goal: number }[] {
  const packet = bytesOf(entry);
  const [address, size] = [packet[5]!, packet[6]!];
  const goals: { id: number; goal: number }[] = [];
  for (let at = 7; at + size < packet.length; at += size + 1) {
    const low = at + 1 + registers.goal_position.address - address;
    goals.push({ id: packet[at]!, goal: packet[low]! | (packet[low + 1]! << 8) });
  }
  return goals;
}

/** True of a sync read or a sync write to so many servos or more, of registers among which is the one at `address`. */
function concerns(entry: BytesEntry, instruction: number, address: number, servos: number): boolean {
  if (entry.kind !== "request") return false;
  const packet = bytesOf(entry);
  if (packet[4] !== instruction) return false;
  const [first, size] = [packet[5]!, packet[6]!];
  const perServo = instruction === Instruction.syncRead ? 1 : 1 + size;
  return first <= address && first + size > address && packet[3]! - 4 >= servos * perServo;
}

/** By how much a series of [time, value] points grows per unit of time: the slope of the line that fits it best. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let covariance = 0;
  let variance = 0;
  for (const [x, y] of points) {
    covariance += (x - meanX) * (y - meanY);
    variance += (x - meanX) ** 2;
  }
  return covariance / variance;
}
