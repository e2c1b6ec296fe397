/** The benchmark's figures for a person: one line a figure, beside the floor and the target. */
import { median } from "./analysis.ts";
import type { RunFigures } from "./run.ts";

/** One figure with what it is judged by. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  /** The same figure of what it is compared with, and the median of the runs' ratios to that. */
  readonly beside?: readonly Beside[];
  readonly target?: string;
  readonly met?: boolean;
}

/** A figure of what the program is compared with. */
interface Beside {
  readonly name: ReferenceName;
  readonly value: number;
  readonly ratio: number;
}

/** What the program is compared with: two bare loops, or itself with an idle main thread. */
export type ReferenceName = "floor" | "plain loop" | "quiet";

/** Runs that the program is compared with, each with the program's run at the same place. */
export interface Reference {
  readonly name: ReferenceName;
  readonly runs: readonly RunFigures[];
}

const OVERRUNS = "overruns, by the record";

/** A bound that a figure, or its ratio to the floor, should not exceed. */
interface Target {
  readonly atMost?: number;
  readonly ratioAtMost?: number;
  readonly atLeast?: number;
}

interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly of: (run: RunFigures) => number;
}

const figuresOfTicks: readonly Figure[] = [
  { what: "host latency p50", unit: "µs", of: (run) => run.latencyUs.p50 },
  { what: "host latency p99", unit: "µs", of: (run) => run.latencyUs.p99 },
  { what: "reached rate, by the record", unit: "Hz", of: (run) => run.pace.reachedHz },
];

/** Figures that only a loop with a time grid has. The record's also contain how late the simulation noticed a tick. */
const figuresOfGrid: readonly Figure[] = [
  { what: "tick lateness p50, by the record", unit: "µs", of: (run) => run.pace.latenessUs.p50 },
  { what: "tick lateness p99, by the record", unit: "µs", of: (run) => run.pace.latenessUs.p99 },
  // The floor catches up instead: its overruns are transfers that came more than a period late.
  { what: OVERRUNS, unit: "%", of: (run) => (100 * run.pace.overruns) / run.pace.slots },
];

const figuresOfProcess: readonly Figure[] = [
  { what: "transfers", unit: "/s", of: (run) => run.transfersPerS },
  { what: "CPU while following", unit: "% of a core", of: (run) => run.cpuFollowing },
  { what: "CPU per transfer", unit: "µs", of: (run) => run.cpuUsPerTransfer },
  { what: "CPU from exec on", unit: "% of a core", of: (run) => run.cpuAll },
  { what: "exec to the first goal", unit: "ms", of: (run) => run.firstGoalMs },
  { what: "resident memory at the end", unit: "MB", of: (run) => run.samples.at(-1)!.residentKB / 1024 },
  { what: "peak resident memory", unit: "MB", of: (run) => run.samples.at(-1)!.peakResidentKB / 1024 },
  { what: "no file's, at the end", unit: "MB", of: (run) => run.samples.at(-1)!.anonymousKB / 1024 },
  { what: "threads", unit: "", of: (run) => run.samples.at(-1)!.threads },
  { what: "descriptors", unit: "", of: (run) => run.samples.at(-1)!.descriptors },
];

/** Figures that a bare loop does not have. The program counts them from its start on, warming up and aligning included. */
const ownFigures: readonly Figure[] = [
  {
    what: "tick lateness p50, by the program",
    unit: "µs",
    of: (run) => run.own?.latenessUs.p50 ?? Number.NaN,
  },
  {
    what: "tick lateness p99, by the program",
    unit: "µs",
    of: (run) => run.own?.latenessUs.p99 ?? Number.NaN,
  },
  {
    what: "tick lateness max, by the program",
    unit: "µs",
    of: (run) => run.own?.latenessUs.max ?? Number.NaN,
  },
  { what: "reached rate, by the program", unit: "Hz", of: (run) => run.own?.rateHz ?? Number.NaN },
  { what: "overruns, by the program", unit: "", of: (run) => run.own?.lateTicks ?? Number.NaN },
  { what: "leader readings missed", unit: "", of: (run) => run.own?.leaderMisses ?? Number.NaN },
  { what: "follower readings missed", unit: "", of: (run) => run.own?.followerMisses ?? Number.NaN },
];

const TARGETS: Readonly<Record<number, Readonly<Record<string, Target>>>> = {
  60: {},
  200: {
    "host latency p50": { ratioAtMost: 1.25 },
    "host latency p99": { ratioAtMost: 1.5 },
    [OVERRUNS]: { atMost: 0.1 },
    "CPU while following": { atMost: 4 },
    "peak resident memory": { atMost: 64 },
  },
  500: {
    "host latency p50": { ratioAtMost: 1.25 },
    "host latency p99": { ratioAtMost: 1.5 },
    "reached rate, by the record": { atLeast: 499 },
  },
};

/** The rows of the program's runs at one rate, beside what it is compared with: each figure is the median of the runs'. */
export function rowsOf(runs: readonly RunFigures[], references: readonly Reference[]): Row[] {
  const targets = TARGETS[runs[0]!.rateHz] ?? {};
  const withGrid = references.filter(({ name }) => name !== "plain loop");
  const rows = (figures: readonly Figure[], compared: readonly Reference[]) =>
    figures.map(({ what, unit, of }) => {
      const beside = compared.map(({ name, runs: theirs }) => ({
        name,
        value: median(theirs.map(of)),
        ratio: median(theirs.map((their, index) => of(runs[index]!) / of(their))),
      }));
      return judged(what, unit, median(runs.map(of)), targets[what] ?? {}, beside);
    });
  return [
    ...rows(figuresOfTicks, references),
    ...rows(figuresOfGrid, withGrid),
    ...rows(figuresOfProcess, references),
    ...rows(ownFigures, []),
  ];
}

/** What must be said of figures that are the machine's rather than the program's; undefined when nothing must. */
export function doubtOf(floor: readonly RunFigures[]): string | undefined {
  const busy = floor.filter(({ pace, rateHz }) => pace.latenessUs.p99 > 1e6 / rateHz);
  if (busy.length === 0) return undefined;
  return `In ${busy.length} of ${floor.length} runs even the floor was late by more than a period (p99): the machine was busy with other things, and these figures say little.`;
}

/** A row with what its target says of it. */
export function judged(
  what: string,
  unit: string,
  value: number,
  { atMost, atLeast, ratioAtMost }: Target,
  beside: readonly Beside[] = [],
): Row {
  const row = { what, unit, value, ...(beside.length === 0 ? {} : { beside }) };
  const floor = beside.find(({ name }) => name === "floor");
  if (atMost !== undefined) return { ...row, target: `≤ ${atMost}`, met: value <= atMost };
  if (atLeast !== undefined) return { ...row, target: `≥ ${atLeast}`, met: value >= atLeast };
  if (ratioAtMost !== undefined && floor !== undefined) {
    return { ...row, target: `≤ ${ratioAtMost} × floor`, met: floor.ratio <= ratioAtMost };
  }
  return row;
}

/** Prints rows under a title. */
export function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  const widest = Math.max(0, ...rows.map(({ beside = [] }) => beside.length));
  for (const { what, unit, value, beside = [], target, met } of rows) {
    const columns = [
      `  ${what}`.padEnd(40),
      `${figure(value)} ${unit}`.padEnd(22),
      ...Array.from({ length: widest }, (_, index) => besideText(beside[index]).padEnd(32)),
      target === undefined ? "" : `target ${target}: ${met ? "met" : "NOT MET"}`,
    ];
    console.log(columns.join("").trimEnd());
  }
}

function besideText(beside: Beside | undefined): string {
  return beside === undefined ? "" : `${beside.name} ${figure(beside.value)}, × ${figure(beside.ratio)}`;
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value.toFixed(Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 2);
}
