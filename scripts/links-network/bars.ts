/** What following over a link must reach, profile by profile, and whether it did. */
import type { ProfileName } from "../../src/sim/testing/link/conditions.ts";
import type { RunFigures } from "./run.ts";

/** A figure that must not be more, or not less. */
interface Bar {
  readonly what: string;
  readonly unit: string;
  readonly of: (run: RunFigures) => number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

const holds: Bar = { what: "holds", unit: "", of: ({ following }) => following.holds.count, atMost: 0 };
const p99: Bar = { what: "delay p99", unit: "ms", of: ({ following }) => following.delayMs.p99, atMost: 10 };
const longestHold: Bar = {
  what: "longest hold",
  unit: "ms",
  of: ({ following }) => following.holds.longestMs,
  atMost: 1_000,
};
const followed: Bar = {
  what: "time followed",
  unit: "%",
  of: ({ following }) => 100 * following.followed,
  atLeast: 98,
};
const aligning = (atMost: number): Bar => ({
  what: "aligning after the link's return",
  unit: "s",
  of: ({ cut }) => cut.aligningS ?? Number.NaN,
  atMost,
});
const ofAll: readonly Bar[] = [
  {
    what: "holding after the last sample",
    unit: "ms",
    of: ({ cut }) => cut.holdingMs ?? Number.NaN,
    atMost: 260,
  },
  { what: "violations of the safety rules", unit: "", of: ({ violations }) => violations.length, atMost: 0 },
  { what: "troubles with the programs", unit: "", of: ({ troubles }) => troubles.length, atMost: 0 },
];

const BARS: Readonly<Record<ProfileName, readonly Bar[]>> = {
  "clean Wi-Fi": [holds, followed, p99, aligning(2), ...ofAll],
  "lossy Wi-Fi": [followed, longestHold, aligning(2), ...ofAll],
  Internet: [followed, aligning(5), ...ofAll],
};

/** What a run missed, a sentence each. */
export function missed(run: RunFigures): string[] {
  return BARS[run.profile].flatMap(({ what, unit, of, atMost, atLeast }) => {
    const value = of(run);
    if (atMost !== undefined && value <= atMost) return [];
    if (atLeast !== undefined && value >= atLeast) return [];
    const bound = atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`;
    const found = Number.isNaN(value) ? "never" : `${Number(value.toFixed(2))} ${unit}`.trim();
    return [`${run.profile}: ${what}: ${found}, must be ${`${bound} ${unit}`.trim()}`];
  });
}
