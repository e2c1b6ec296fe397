/** The figures of a running teleoperation, taken from the shared memory for people and programs to read. */
import { JOINTS, type JointName, type Role } from "../arm/joints.ts";
import type { MainMemory } from "../teleop/shared/control-memory.ts";
import type { Telemetry } from "../teleop/shared/telemetry.ts";
import type { PairState } from "../teleop/state/states.ts";

/** A summary is due this often where no screen shows the figures. */
export const SUMMARY_EVERY_MS = 60_000;

/** What teleoperation has reached since it started. */
export interface Summary {
  readonly state: PairState;
  /** Ticks of the control loop, … */
  readonly ticks: number;
  /** … those that the time grid had and the loop did not make, … */
  readonly lateTicks: number;
  /** … and how often a second they came while the loop ran; 0 before its first tick. */
  readonly rateHz: number;
  /** How late ticks began, in µs. */
  readonly latenessUs: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
  /** Ticks without a fresh leader position, … */
  readonly leaderMisses: number;
  /** … health readings of the follower that went unanswered, … */
  readonly followerMisses: number;
  /** … and, of both buses, replies with a wrong checksum and bytes that belonged to no packet. */
  readonly corruptedReplies: number;
  readonly noiseBytes: number;
  /** How often the follower was aligned with the leader. */
  readonly alignments: number;
  readonly joints: Readonly<Record<JointName, JointSummary>>;
}

/** One joint's figures: positions in steps, null while unknown. */
export interface JointSummary {
  readonly leader: number | null;
  readonly follower: number | null;
  readonly goal: number | null;
  readonly leaderMisses: number;
  readonly followerMisses: number;
}

/** Takes the figures as they are now. */
export function summarise({ telemetry, lateness }: MainMemory, state: PairState): Summary {
  const loopUs = telemetry.counter("loopUs");
  const ticks = telemetry.counter("ticks");
  return {
    state,
    ticks,
    lateTicks: telemetry.counter("overruns"),
    rateHz: loopUs > 0 ? round((ticks * 1e6) / loopUs, 2) : 0,
    latenessUs: {
      p50: round(lateness.percentileUs(0.5), 0),
      p99: round(lateness.percentileUs(0.99), 0),
      p999: round(lateness.percentileUs(0.999), 0),
      max: round(lateness.maxUs, 0),
    },
    leaderMisses: telemetry.counter("leaderMisses"),
    followerMisses: telemetry.counter("followerMisses"),
    corruptedReplies: telemetry.bus("leader", "corrupted") + telemetry.bus("follower", "corrupted"),
    noiseBytes: telemetry.bus("leader", "noiseBytes") + telemetry.bus("follower", "noiseBytes"),
    alignments: telemetry.counter("alignments"),
    joints: Object.fromEntries(
      JOINTS.map((joint, index) => [joint, summariseJoint(telemetry, index)]),
    ) as Summary["joints"],
  };
}

function summariseJoint(telemetry: Telemetry, joint: number): JointSummary {
  const steps = (role: Role, figure: "position" | "goal") => {
    const value = telemetry.joint(role, joint, figure);
    return Number.isNaN(value) ? null : value;
  };
  return {
    leader: steps("leader", "position"),
    follower: steps("follower", "position"),
    goal: steps("follower", "goal"),
    leaderMisses: telemetry.joint("leader", joint, "misses") || 0,
    followerMisses: telemetry.joint("follower", joint, "misses") || 0,
  };
}

/** The figures in one sentence, for the log. */
export function describe({ ticks, lateTicks, rateHz, latenessUs, ...rest }: Summary): string {
  if (ticks === 0) return "the arms have not been teleoperated yet";
  const { leaderMisses, followerMisses, corruptedReplies, alignments } = rest;
  return [
    `${rateHz} Hz`,
    `${lateTicks} of ${ticks + lateTicks} ticks too late`,
    `ticks late by ${latenessUs.p50} µs (p50), ${latenessUs.p99} µs (p99), ${latenessUs.max} µs (max)`,
    `${leaderMisses} leader and ${followerMisses} follower readings missed`,
    `${corruptedReplies} damaged replies`,
    `aligned ${alignments} time${alignments === 1 ? "" : "s"}`,
  ].join(", ");
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
