/** The benchmark's figures for a person: one line a figure, beside the floor and the target. */
import { median } from "./analysis.ts";
import type { RunFigures } from "./run.ts";

/** One figure with what it is judged by. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  /** The same figure of what it is compared with, and the median of the runs' ratios to that. */
  readonly beside?: { readonly name: string; readonly value: number; readonly ratio: number };
  readonly target?: string;
  readonly met?: boolean;
}

/** A bound that a figure, or its ratio to the floor, should not exceed. */
interface Target {
  readonly atMost?: number;
  readonly ratioAtMost?: number;
  readonly atLeast?: number;
}

/** Runs of a program, each with the run that it is compared with. */
export type Pairs = readonly { readonly reference: RunFigures; readonly program: RunFigures }[];

type Pick = (run: RunFigures) => number;

/** Figures that every run has. */
const compared: readonly (readonly [what: string, unit: string, pick: Pick])[] = [
  ["host latency p50", "µs", (run) => run.latencyUs.p50],
  ["host latency p99", "µs", (run) => run.latencyUs.p99],
  ["tick lateness p50, by the record", "µs", (run) => run.pace.latenessUs.p50],
  ["tick lateness p99, by the record", "µs", (run) => run.pace.latenessUs.p99],
  ["reached rate, by the record", "Hz", (run) => run.pace.reachedHz],
  ["overruns, by the record", "%", (run) => (100 * run.pace.overruns) / run.pace.slots],
  ["CPU while following", "% of a core", (run) => run.cpuFollowing],
  ["CPU from exec on", "% of a core", (run) => run.cpuAll],
  ["peak resident memory", "MB", (run) => run.samples.at(-1)!.peakResidentKB / 1024],
  ["of that no file's", "MB", (run) => run.samples.at(-1)!.anonymousKB / 1024],
  ["threads", "", (run) => run.samples.at(-1)!.threads],
  ["descriptors", "", (run) => run.samples.at(-1)!.descriptors],
];

/** Figures that the floor does not have. The program counts them from its start on, warming up and aligning included. */
const ownFigures: readonly (readonly [what: string, unit: string, pick: Pick])[] = [
  ["tick lateness p50, by the program", "µs", (run) => run.own?.latenessUs.p50 ?? Number.NaN],
  ["tick lateness p99, by the program", "µs", (run) => run.own?.latenessUs.p99 ?? Number.NaN],
  ["tick lateness max, by the program", "µs", (run) => run.own?.latenessUs.max ?? Number.NaN],
  ["reached rate, by the program", "Hz", (run) => run.own?.rateHz ?? Number.NaN],
  ["overruns, by the program", "", (run) => run.own?.missedTicks ?? Number.NaN],
  ["leader readings missed", "", (run) => run.own?.leaderMisses ?? Number.NaN],
  ["follower readings missed", "", (run) => run.own?.followerMisses ?? Number.NaN],
];

const TARGETS: Readonly<Record<number, Readonly<Record<string, Target>>>> = {
  60: {},
  200: {
    "host latency p50": { ratioAtMost: 1.25 },
    "host latency p99": { ratioAtMost: 1.5 },
    "overruns, by the record": { atMost: 0.1 },
    "CPU while following": { atMost: 4 },
    "peak resident memory": { atMost: 64 },
  },
  500: {
    "host latency p50": { ratioAtMost: 1.25 },
    "host latency p99": { ratioAtMost: 1.5 },
    "reached rate, by the record": { atLeast: 499 },
  },
};

/** The rows of the runs at one rate, compared with what is called `name`: each figure is the median of the runs'. */
export function rowsOf(pairs: Pairs, name: "floor" | "quiet"): Row[] {
  const targets = TARGETS[pairs[0]!.program.rateHz] ?? {};
  const programs = pairs.map(({ program }) => program);
  return [
    ...compared.map(([what, unit, pick]) =>
      judged(what, unit, median(programs.map(pick)), targets[what] ?? {}, {
        name,
        value: median(pairs.map(({ reference }) => pick(reference))),
        ratio: median(pairs.map(({ reference, program }) => pick(program) / pick(reference))),
      }),
    ),
    ...ownFigures.map(([what, unit, pick]) => judged(what, unit, median(programs.map(pick)), {})),
  ];
}

/** A row with what its target says of it. */
export function judged(
  what: string,
  unit: string,
  value: number,
  { atMost, atLeast, ratioAtMost }: Target,
  beside?: Row["beside"],
): Row {
  const row = { what, unit, value, ...(beside === undefined ? {} : { beside }) };
  if (atMost !== undefined) return { ...row, target: `≤ ${atMost}`, met: value <= atMost };
  if (atLeast !== undefined) return { ...row, target: `≥ ${atLeast}`, met: value >= atLeast };
  if (ratioAtMost !== undefined && beside?.name === "floor") {
    return { ...row, target: `≤ ${ratioAtMost} × floor`, met: beside.ratio <= ratioAtMost };
  }
  return row;
}

/** Prints rows under a title. */
export function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  for (const { what, unit, value, beside, target, met } of rows) {
    const columns = [
      `  ${what}`.padEnd(40),
      `${figure(value)} ${unit}`.padEnd(24),
      beside === undefined
        ? "".padEnd(32)
        : `${beside.name} ${figure(beside.value)}, × ${figure(beside.ratio)}`.padEnd(32),
      target === undefined ? "" : `target ${target}: ${met ? "met" : "NOT MET"}`,
    ];
    console.log(columns.join("").trimEnd());
  }
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value.toFixed(Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 2);
}
