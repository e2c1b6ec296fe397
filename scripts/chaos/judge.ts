/** What became of a run of chaos: the safety rules on the record, how fast it recovered, what the program used. */

import { goalTable } from "../../src/arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { Instruction } from "../../src/feetech/packet.ts";
import { registers } from "../../src/feetech/registers.ts";
import { readRecord } from "../../src/sim/testing/record.ts";
import { SafetyCheck } from "../../src/sim/testing/safety.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { median } from "../bench/analysis.ts";
import type { GivenTargets } from "./clients/given.ts";
import type { Life } from "./program.ts";

/** The record names a calm by this and its number. */
export const CALM = "calm ";

/** What the record says. */
export interface RecordFindings {
  readonly violations: readonly string[];
  /** By the number of the calm: from its beginning to the next goal of the follower, ms. */
  readonly firstGoalMs: ReadonlyMap<number, number>;
}

/**
 * Checks a record of any length. Of a leader on another machine the follower may act on samples so late, ms; others may have
 * `given` it targets, too.
 */
export async function judgeRecord(
  { paths }: RunningSim,
  targetsOfMs = 0,
  given?: GivenTargets,
): Promise<RecordFindings> {
  const limits = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45, targetsOfMs };
  const check = new SafetyCheck({ ...limits, targets: followerGoals(paths.calibration) });
  const firstGoalMs = new Map<number, number>();
  let calm: { number: number; t: number } | undefined;
  for await (const entry of readRecord(paths.record)) {
    given?.tell(check, entry.t);
    check.see(entry);
    if (entry.kind === "mark" && entry.text.startsWith(CALM)) {
      calm = { number: Number(entry.text.slice(CALM.length)), t: entry.t };
    } else if (calm !== undefined && entry.kind === "request" && isGoal(entry.hex)) {
      firstGoalMs.set(calm.number, (entry.t - calm.t) / 1e3);
      calm = undefined;
    }
  }
  const violations = check.violations.map(({ t, arm, joint, rule, message }) => {
    return `at ${(t / 1e6).toFixed(3)} s: ${arm}${joint ? ` ${joint}` : ""}: ${rule}: ${message}`;
  });
  const waste = check.needlessWrites.map(({ t, arm, joint, register, value }) => {
    return `at ${(t / 1e6).toFixed(3)} s: ${arm} ${joint}: ${register} was written though it was ${value}`;
  });
  return { violations: [...violations, ...waste], firstGoalMs };
}

/** For each joint the follower's goal by the leader's reading. */
function followerGoals(calibrationDir: string): Int16Array[] {
  const leader = new CalibrationStore(calibrationDir).load({ role: "leader", id: "leader" });
  const follower = new CalibrationStore(calibrationDir).load({ role: "follower", id: "follower" });
  return JOINTS.map((joint) => {
    const { range_min, range_max } = follower[joint];
    const goals = goalTable(leader, follower, joint, "range");
    return goals.map((goal) => Math.min(Math.max(goal, range_min), range_max));
  });
}

/** `FF FF FE len 83 2A …`: a sync write that begins at the goal. */
function isGoal(hex: string): boolean {
  const [instruction, address] = [hex.slice(8, 10), hex.slice(10, 12)];
  return (
    Number.parseInt(instruction, 16) === Instruction.syncWrite &&
    Number.parseInt(address, 16) === registers.goal_position.address
  );
}

/**
 * A life must be so long to show whether it grows, s, and is judged from so long after its start on. In eleven minutes of
 * nothing but faults of the network (115 of them, 106 alignments) the follower's service grew from 66 MB to 77 MB in the
 * first minute and a half, while the engine compiled what faults lead to, to 83 MB in the next three, and by nothing in
 * the last five: what is measured before it has met its faults is no growth.
 */
const LONG_S = 180;
const SETTLED_S = 90;
const MOST_GROWTH = 1.25;

/** What a long life of the program used, in words, and whether it grew: by more threads than these, that come when needed. */
export function judgeLife({ samples }: Life, lateThreads = 0): { text: string; grew: boolean } | undefined {
  const [first] = samples;
  if (first === undefined || (samples.at(-1)!.atUs - first.atUs) / 1e6 < LONG_S) return undefined;
  const settled = samples.filter(({ atUs }) => (atUs - first.atUs) / 1e6 > SETTLED_S);
  const tenth = Math.ceil(settled.length / 10);
  const of = (part: typeof settled, key: "residentKB" | "threads" | "descriptors") =>
    median(part.map((sample) => sample[key]));
  const [early, late] = [settled.slice(0, tenth), settled.slice(-tenth)];
  const figures = (["residentKB", "threads", "descriptors"] as const).map(
    (key) => [of(early, key), of(late, key)] as const,
  );
  const [[kbBefore, kbAfter], threads, descriptors] = figures as [
    readonly [number, number],
    readonly [number, number],
    readonly [number, number],
  ];
  const seconds = Math.round((samples.at(-1)!.atUs - first.atUs) / 1e6);
  return {
    text:
      `${seconds} s: resident ${(kbBefore / 1024).toFixed(1)} → ${(kbAfter / 1024).toFixed(1)} MB, ` +
      `threads ${threads.join(" → ")}, descriptors ${descriptors.join(" → ")}`,
    grew:
      kbAfter > kbBefore * MOST_GROWTH ||
      threads[1] > threads[0] + 1 + lateThreads ||
      descriptors[1] > descriptors[0] + 2,
  };
}
