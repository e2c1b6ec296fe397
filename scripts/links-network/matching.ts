/** Which of the leader's readings the goals of a follower were made of, by the records of what both arms were told. */
import { registers } from "../../src/feetech/registers.ts";
import { JOINTS } from "../../src/sim/arm/joints.ts";
import type { BytesEntry, RecordEntry } from "../../src/sim/record/entries.ts";
import { bytesOf, decoderOf } from "../../src/sim/testing/record.ts";
import { isGoals, isPositionsRead } from "../bench/analysis.ts";

/** A reading of all of the leader's positions: when its last byte came, and the goals that are to be made of it. */
export interface Reading {
  readonly atUs: number;
  readonly goals: string;
}

/** Goals that the follower was given: when their first byte came. */
export interface Goals {
  readonly atUs: number;
  readonly goals: string;
}

/** Goals that were made of a reading which none before was made of. */
export interface Followed {
  readonly readAtUs: number;
  readonly goalAtUs: number;
}

/** Collects the leader's readings of a record. */
export class Readings {
  readonly all: Reading[] = [];
  readonly #targets: readonly ArrayLike<number>[];
  #isAsked = false;

  /** `targets` are for each joint the follower's goal by the leader's reading. */
  constructor(targets: readonly ArrayLike<number>[]) {
    this.#targets = targets;
  }

  /** Looks at the next entry. */
  see(entry: RecordEntry): void {
    if (!("arm" in entry) || entry.arm !== "leader") return;
    if (entry.kind === "request") this.#isAsked = isPositionsRead(entry);
    else if (entry.kind === "reply" && this.#isAsked) this.#read(entry);
  }

  #read(entry: BytesEntry): void {
    const goals: number[] = [];
    const decoder = decoderOf(entry);
    while (decoder.next()) {
      const { id, params } = decoder;
      const raw = decoder.bytes[params]! | (decoder.bytes[params + 1]! << 8);
      const goal = this.#targets[id - 1]?.[raw];
      if (goal !== undefined) goals[id - 1] = goal;
    }
    if (Object.keys(goals).length < JOINTS.length) return;
    this.all.push({ atUs: entry.lastT, goals: goals.join() });
  }
}

/** The goals in an entry of a follower's; undefined where it is none. */
export function goalsOf(entry: RecordEntry): Goals | undefined {
  if (entry.kind !== "request" || entry.arm !== "follower" || !isGoals(entry)) return undefined;
  const packet = bytesOf(entry);
  const [address, size] = [packet[5]!, packet[6]!];
  const goals: number[] = [];
  for (let at = 7; at + size < packet.length; at += size + 1) {
    const low = at + 1 + registers.goal_position.address - address;
    goals[packet[at]! - 1] = packet[low]! | (packet[low + 1]! << 8);
  }
  return { atUs: entry.firstT, goals: goals.join() };
}

/** A sample that is older than this is no sample of the pose that the follower is given now. */
const OLDEST_US = 5e6;

/**
 * Finds the reading of each of the goals that follow one exactly, and that no goals before did. Readings are taken in
 * their order: of two that are equal the earlier one is taken, as long as none after it was.
 */
export function match(readings: readonly Reading[], given: readonly Goals[]): Followed[] {
  const byGoals = new Map<string, number[]>();
  for (const [index, { goals }] of readings.entries()) {
    const same = byGoals.get(goals);
    if (same === undefined) byGoals.set(goals, [index]);
    else same.push(index);
  }
  const followed: Followed[] = [];
  let last = -1;
  for (const { atUs, goals } of given) {
    if (readings[last]?.goals === goals) continue;
    const found = byGoals
      .get(goals)
      ?.find(
        (index) => index > last && readings[index]!.atUs < atUs && readings[index]!.atUs > atUs - OLDEST_US,
      );
    if (found === undefined) continue;
    last = found;
    followed.push({ readAtUs: readings[found]!.atUs, goalAtUs: atUs });
  }
  return followed;
}
