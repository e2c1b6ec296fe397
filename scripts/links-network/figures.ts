/** What a run on a link comes to, in figures. */

import { type Distribution, distribution } from "../bench/analysis.ts";
import type { Line } from "../chaos/program.ts";
import type { Followed } from "./matching.ts";

/** A span of time, µs of one clock. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** How the follower followed for a while. */
export interface FollowingFigures {
  /** From the leader's last byte to the follower's goal, ms. */
  readonly delayMs: Distribution;
  /** The same beyond the least, ms. */
  readonly beyondLeastMs: Distribution;
  /** Spans without a goal of a newer reading, ms. */
  readonly gaps: { readonly over50: number; readonly over100: number; readonly longestMs: number };
  /** How often it held because nothing came from the leader, and the longest, ms; each until it aligned. */
  readonly holds: { readonly count: number; readonly longestMs: number };
  /** The share of the time in which it followed, 0 … 1, but for what was lost to this machine. */
  readonly followed: number;
  /**
   * The share of all time that was lost to this machine, 0 … 1: until it followed again after its arm did not answer in
   * time, or the program itself did not run.
   */
  readonly lostToMachine: number;
  /** How many of the leader's readings came to be goals, each second. */
  readonly samplesPerS: number;
}

/** What a cut of the link came to. */
export interface CutFigures {
  /** From the last goal that was made of a new sample to holding, ms; missing when it did not hold. */
  readonly holdingMs?: number;
  /** From the link's return to aligning and to following, s; missing when that did not come. */
  readonly aligningS?: number;
  readonly followingS?: number;
}

/** A state of the follower's pair, when it began, and the code of why. */
export interface StateBegan {
  readonly state: string;
  readonly atUs: number;
  readonly code: string;
}

/** The codes of those with which it stops following because nothing good comes from the leader. */
const LEADERS_CODE = /^SO101-E\d+ leader\./;

/** The states among the lines that a program printed. */
export function statesIn(lines: readonly Line[]): StateBegan[] {
  return lines.flatMap(({ event, to, atUs, code = "" }) =>
    event === "state" && to !== undefined ? [{ state: to, atUs, code }] : [],
  );
}

/** How it followed during a span. */
export function followingFigures(
  all: readonly Followed[],
  states: readonly StateBegan[],
  { fromUs, toUs }: Span,
): FollowingFigures {
  const isWithin = ({ goalAtUs }: Followed) => goalAtUs >= fromUs && goalAtUs < toUs;
  const followed = all.filter(isWithin);
  const delays = followed.map(({ readAtUs, goalAtUs }) => (goalAtUs - readAtUs) / 1e3);
  const least = delays.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const times = [fromUs, ...followed.map(({ goalAtUs }) => goalAtUs), toUs];
  const gapsMs = times.slice(1).map((time, index) => (time - times[index]!) / 1e3);
  const over = (ms: number) => gapsMs.filter((gap) => gap > ms).length;
  const spans = spansOf(states, { fromUs, toUs });
  const holds = spans.filter(({ state, code }) => state === "holding" && LEADERS_CODE.test(code));
  const holdsMs = holds.map(lengthMs);
  const lasted = (these: readonly Span[]) => these.reduce((sum, each) => sum + lengthMs(each), 0);
  const followedMs = lasted(spans.filter(({ state }) => state === "following"));
  const lostMs = lasted(lostToMachine(spans));
  const allMs = lengthMs({ fromUs, toUs });
  return {
    delayMs: distribution(delays),
    beyondLeastMs: distribution(delays.map((delay) => delay - least)),
    gaps: { over50: over(50), over100: over(100), longestMs: largest(gapsMs) },
    holds: { count: holdsMs.length, longestMs: largest(holdsMs) },
    followed: followedMs / (allMs - lostMs),
    lostToMachine: lostMs / allMs,
    samplesPerS: (followed.length * 1e6) / (toUs - fromUs),
  };
}

/** What a cut came to that began and ended so. */
export function cutFigures(
  followed: readonly Followed[],
  states: readonly StateBegan[],
  { fromUs, toUs }: Span,
): CutFigures {
  const after = (us: number, wanted: string) =>
    states.find(({ state, atUs }) => state === wanted && atUs >= us)?.atUs;
  const heldUs = after(fromUs, "holding");
  const lastUs = followed.findLast(({ goalAtUs }) => goalAtUs < (heldUs ?? toUs))?.goalAtUs;
  const alignedUs = after(toUs, "aligning");
  const followedUs = after(toUs, "following");
  return {
    ...(heldUs !== undefined && heldUs < toUs && lastUs !== undefined
      ? { holdingMs: (heldUs - lastUs) / 1e3 }
      : {}),
    ...(alignedUs === undefined ? {} : { aligningS: (alignedUs - toUs) / 1e6 }),
    ...(followedUs === undefined ? {} : { followingS: (followedUs - toUs) / 1e6 }),
  };
}

/** A part of a span that is spent in one state. */
type StateSpan = Span & Omit<StateBegan, "atUs">;

/** Those in which it does not follow, after something else than the leader has ended that. */
function lostToMachine(spans: readonly StateSpan[]): StateSpan[] {
  let isLost = false;
  return spans.filter(({ state, code }) => {
    if (state === "following") isLost = false;
    else if (state === "waiting" || state === "holding") isLost ||= !LEADERS_CODE.test(code);
    return isLost;
  });
}

/** The parts of a span, each with the state that it is spent in. */
function spansOf(states: readonly StateBegan[], { fromUs, toUs }: Span): StateSpan[] {
  return states.flatMap(({ state, atUs, code }, index) => {
    const began = Math.max(atUs, fromUs);
    const ended = Math.min(states[index + 1]?.atUs ?? Number.POSITIVE_INFINITY, toUs);
    return ended > began ? [{ state, code, fromUs: began, toUs: ended }] : [];
  });
}

function lengthMs({ fromUs, toUs }: Span): number {
  return (toUs - fromUs) / 1e3;
}

function largest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}
