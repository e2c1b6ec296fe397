/**
 * Measures the compiled program against the simulated arms, in the same run as bare loops over libc: the floor, which
 * makes a tick's two transfers, and at 60 Hz LeRobot's plain loop: `bun scripts/bench.ts`.
 * Prints a table and writes `dist/bench.json` (of a soak `dist/soak.json`). Exit code 1 when a safety rule was broken or something crashed; a target
 * that is not met is only said.
 *
 *   --quick           one short run of each, to see that it works
 *   --runs N          how often each is run; the figures are the medians of the runs (3)
 *   --seconds N       how long each run follows; memory is looked at then (15)
 *   --soak MINUTES    only one long run at 200 Hz, to see whether memory grows
 */
import { mkdtemp, rename, rm } from "node:fs/promises";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median, slope } from "./bench/analysis.ts";
import { LOSSES, timeRecovery } from "./bench/recovery.ts";
import { doubtOf, judged, print, type ReferenceName, type Row, rowsOf } from "./bench/report.ts";
import { type RunFigures, run } from "./bench/run.ts";
import { type Found, type Start, timeStart } from "./bench/startup.ts";
import { compileSubjects, program, programPath } from "./bench/subjects.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    runs: { type: "string" },
    seconds: { type: "string" },
    soak: { type: "string" },
  },
});

/** How often and how long, in seconds, each is run. */
const DEFAULTS = options.quick
  ? { runs: 1, seconds: 4, starts: 2, recoveries: 1 }
  : { runs: 3, seconds: 15, starts: 7, recoveries: 3 };
const PLAN = {
  ...DEFAULTS,
  runs: positive("runs", options.runs, DEFAULTS.runs),
  seconds: positive("seconds", options.seconds, DEFAULTS.seconds),
};

/** At 60 Hz LeRobot teleoperates, unless told otherwise. */
const LEROBOT_RATE_HZ = 60;
const RATES_HZ = [LEROBOT_RATE_HZ, 200, 500];

const RATE_HZ = 200;
const SOAK_SETTLING_S = 120;

/** What was found to be wrong, in words. */
const troubles: string[] = [];
const sections: { title: string; rows: Row[]; doubt?: string | undefined }[] = [];
const raw: { runs: RunFigures[]; starts: Record<string, Start[]> } = { runs: [], starts: {} };

const dir = await mkdtemp(join(tmpdir(), "so101-bench-"));
try {
  if (options.soak === undefined) await measureAll();
  else await soak(positive("soak", options.soak, Number.NaN));
} finally {
  await rm(dir, { recursive: true, force: true });
}
await save();
for (const trouble of troubles) console.error(`\nbench: ${trouble}`);
process.exitCode = troubles.length > 0 ? 1 : 0;

async function measureAll(): Promise<void> {
  if (!(await Bun.file(programPath).exists())) throw new Error(`${programPath} is missing: make build`);
  progress("compiling the bare loops");
  const { floor, plainLoop, torment } = await compileSubjects(dir);
  const quiet = new Map<number, RunFigures[]>();
  for (const rateHz of RATES_HZ) {
    const subjects = rateHz === LEROBOT_RATE_HZ ? [floor, plainLoop, program] : [floor, program];
    const runs = subjects.map((): RunFigures[] => []);
    for (let round = 1; round <= PLAN.runs; round++) {
      for (const [index, subject] of subjects.entries()) {
        progress(`${rateHz} Hz, run ${round} of ${PLAN.runs}, ${subject.name}`);
        runs[index]!.push(await measure(() => run(subject, rateHz, PLAN.seconds)));
      }
    }
    const ofProgram = runs.at(-1)!;
    quiet.set(rateHz, ofProgram);
    const references = runs
      .slice(0, -1)
      .map((theirs, index) => ({ name: subjects[index]!.name as ReferenceName, runs: theirs }));
    const title = `At ${rateHz} Hz (medians of ${PLAN.runs} × ${PLAN.seconds} s)`;
    show(title, rowsOf(ofProgram, references), doubtOf(runs[0]!));
  }
  progress("the main thread collects garbage and logs without a pause");
  const tormented = await measure(() => run(torment, RATE_HZ, PLAN.seconds));
  show(
    `At ${RATE_HZ} Hz while the main thread collects garbage and logs at full speed`,
    besideQuiet(tormented, quiet.get(RATE_HZ)!),
  );
  await measureStarts();
  await measureRecoveries();
}

async function measureRecoveries(): Promise<void> {
  const rows: Row[] = [];
  for (const loss of LOSSES) {
    const times: number[] = [];
    for (let time = 1; time <= PLAN.recoveries; time++) {
      progress(`the ${loss} goes and comes back, ${time} of ${PLAN.recoveries}`);
      const { alignedMs, violations } = await timeRecovery(loss);
      troubles.push(...violations.map(({ rule, message }) => `${loss}: ${rule}: ${message}`));
      times.push(alignedMs);
    }
    rows.push(judged(`${loss}: max of ${times.length}`, "ms", Math.max(...times), { atMost: 500 }));
  }
  show("From an arm's return to the first goal of the alignment", rows);
}

async function measureStarts(): Promise<void> {
  const rows: Row[] = [];
  for (const [found, what, limitMs] of [
    ["configured", "arms configured", 300],
    ["calibrated", "arms to be configured", 1300],
  ] as const satisfies [Found, string, number][]) {
    const starts: Start[] = [];
    for (let start = 1; start <= PLAN.starts; start++) {
      progress(`start ${start} of ${PLAN.starts}, ${what}`);
      starts.push(await measureStart(found));
    }
    raw.starts[found] = starts;
    const times = starts.map(({ firstGoalMs }) => firstGoalMs);
    const atMost = { atMost: limitMs };
    rows.push(judged(`${what}: median of ${times.length}`, "ms", median(times), atMost));
    rows.push(judged(`${what}: max`, "ms", Math.max(...times), atMost));
    rows.push(judged(`${what}: the first`, "ms", times[0]!, {}));
  }
  show("From exec to the follower's first goal", rows);
}

async function measureStart(found: Found): Promise<Start> {
  const start = await timeStart(found);
  troubles.push(...start.violations.map(({ rule, message }) => `start: ${rule}: ${message}`));
  return start;
}

async function soak(minutes: number): Promise<void> {
  progress(`${minutes} minutes at ${RATE_HZ} Hz`);
  const long = await measure(() => run(program, RATE_HZ, minutes * 60));
  const settled = long.samples.filter(({ atUs }) => atUs - long.samples[0]!.atUs >= SOAK_SETTLING_S * 1e6);
  const growth = (field: "residentKB" | "anonymousKB") =>
    slope((settled.length > 2 ? settled : long.samples).map((s) => [s.atUs / 60e6, s[field]]));
  const last = long.samples.at(-1)!;
  const settledFirst = settled[0] ?? long.samples[0]!;
  const own = long.own;
  show(`${minutes} minutes at ${RATE_HZ} Hz`, [
    judged("overruns, by the record", "%", (100 * long.pace.overruns) / long.pace.slots, {
      atMost: 0.1,
    }),
    judged("overruns, by the program", "", own?.lateTicks ?? Number.NaN, {}),
    judged("tick lateness p99, by the program", "µs", own?.latenessUs.p99 ?? Number.NaN, {}),
    judged("tick lateness max, by the program", "µs", own?.latenessUs.max ?? Number.NaN, {}),
    judged("CPU while following", "% of a core", long.cpuFollowing, { atMost: 4 }),
    judged("resident memory, at first", "MB", long.samples[0]!.residentKB / 1024, {}),
    judged("resident memory, at last", "MB", long.samples.at(-1)!.residentKB / 1024, {}),
    judged("peak resident memory", "MB", long.samples.at(-1)!.peakResidentKB / 1024, { atMost: 64 }),
    judged("resident memory, at last to after 2 minutes", "×", last.residentKB / settledFirst.residentKB, {
      atMost: 1.05,
    }),
    judged("descriptors more than after 2 minutes", "", last.descriptors - settledFirst.descriptors, {
      atMost: 0,
    }),
    judged("threads more than after 2 minutes", "", last.threads - settledFirst.threads, { atMost: 0 }),
    judged("growth of resident memory", "KB/min", growth("residentKB"), {}),
    judged("growth of what is no file's", "KB/min", growth("anonymousKB"), {}),
  ]);
}

/** A run whose troubles are noted. */
async function measure(start: () => Promise<RunFigures>): Promise<RunFigures> {
  const figures = await start();
  raw.runs.push(figures);
  const name = `${figures.subject} at ${figures.rateHz} Hz`;
  troubles.push(...figures.troubles.map((trouble) => `${name}: ${trouble}`));
  troubles.push(...figures.violations.map(({ rule, message }) => `${name}: ${rule}: ${message}`));
  return figures;
}

/** What a tormented main thread changes, compared with the same program whose main thread has nothing to do. */
function besideQuiet(tormented: RunFigures, quiet: readonly RunFigures[]): Row[] {
  const rows = rowsOf(
    quiet.map(() => tormented),
    [{ name: "quiet", runs: quiet }],
  );
  return rows.filter(({ what }) => /latency|lateness|reached rate|overruns/.test(what));
}

/** The number that an option gives, or else the other one. Throws when it gives none above 0. */
function positive(option: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value > 0)) throw new Error(`--${option} needs a number above 0`);
  return value;
}

function show(title: string, rows: Row[], doubt?: string): void {
  sections.push({ title, rows, doubt });
  print(title, rows);
  if (doubt !== undefined) console.log(`  ${doubt}`);
}

function progress(what: string): void {
  console.error(`… ${what}`);
}

async function save(): Promise<void> {
  const path = join(import.meta.dir, "../dist", options.soak === undefined ? "bench.json" : "soak.json");
  const version = Bun.spawnSync([programPath, "--version"]).stdout.toString().trim();
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, kernel: release(), arch: process.arch };
  const report = { time: new Date().toISOString(), version, machine, troubles, sections, raw };
  await Bun.write(`${path}.tmp`, `${JSON.stringify(report, null, 2)}\n`);
  await rename(`${path}.tmp`, path);
  console.error(`\n… all figures are in ${path}`);
}
