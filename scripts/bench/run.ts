/** One run: a subject against fresh arms at one rate, measured while it follows. */
import type { Summary } from "../../src/daemon/summary.ts";
import { nowUs } from "../../src/linux/clock.ts";
import { readRecord } from "../../src/sim/testing/record.ts";
import { SafetyCheck, type Violation } from "../../src/sim/testing/safety.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { type Distribution, distribution, MARKS, Measurement, type Pace, paceOf } from "./analysis.ts";
import { cpuPercent, type ProcessSample, sampleProcess } from "./process.ts";
import { type Subject, startArms } from "./subjects.ts";

/** The figures of one run. */
export interface RunFigures {
  readonly subject: Subject["name"];
  readonly rateHz: number;
  readonly seconds: number;
  readonly latencyUs: Distribution;
  readonly pace: Pace;
  /** Of one core, in %: while following, and from exec to the end of that. */
  readonly cpuFollowing: number;
  readonly cpuAll: number;
  /** Transfers are a request with its reply, or a write; CPU time while following. */
  readonly transfersPerS: number;
  readonly cpuUsPerTransfer: number;
  /** From exec to the follower's first goals. */
  readonly firstGoalMs: number;
  readonly samples: readonly ProcessSample[];
  /** Missing for a reference, which says nothing. */
  readonly own?: Summary;
  readonly violations: readonly Violation[];
  /** What went wrong, in words; empty when nothing did. */
  readonly troubles: readonly string[];
}

/** The program's own limits, unless its configuration says otherwise. */
const SPEED_LIMITS = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45 };

const ALIGNING_AT_MOST_MS = 30_000;
/** A tick that is sometimes late leaves the rate this close to its grid's; what is further off was not counted right. */
const RATE_WITHIN = 1.01;
/** What the first moments of following cost, compiling above all, is not what a tick costs. */
const WARM_UP_MS = 1_000;
const STOPPING_AT_MOST_MS = 5_000;
const SAMPLE_EVERY_MS = 5_000;

/** A line that a subject printed. */
interface Line {
  readonly event?: string;
  readonly to?: string;
}

/** Runs a subject for so many seconds of following. Rejects when it does not come to following. */
export async function run(subject: Subject, rateHz: number, seconds: number): Promise<RunFigures> {
  await using sim = await startArms("configured");
  const execUs = nowUs();
  const child = Bun.spawn(subject.command(sim, rateHz), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  try {
    const startedCpu = sampleProcess(child.pid);
    const following = Promise.withResolvers<void>();
    const lines: Line[] = [];
    const read = readLines(child.stdout, (line) => {
      lines.push(line);
      if (line.to === "following") following.resolve();
    });
    const errors = keepTail(child.stderr);
    const ended = async () => {
      throw new Error(`${subject.name} ended with exit code ${await child.exited}: ${await errors}`);
    };
    await withinMs(
      Promise.race([following.promise, child.exited.then(ended)]),
      ALIGNING_AT_MOST_MS,
      `${subject.name} did not come to following`,
    );
    await Bun.sleep(WARM_UP_MS);
    const samples = await watch(sim, child.pid, seconds).catch((error) => {
      if (child.exitCode !== null || child.signalCode !== null) return ended();
      throw error;
    });
    const troubles = await stop(child, subject);
    await read;
    const { measurement, violations } = await judge(sim);
    const own = lines.findLast(({ event }) => event === "summary") as Summary | undefined;
    if (subject.kind === "product" && own === undefined) troubles.push(`${subject.name} printed no summary`);
    const pace = paceOf(measurement.requestsUs, rateHz);
    if (pace.reachedHz > rateHz * RATE_WITHIN) {
      troubles.push(`its record has ${pace.reachedHz} ticks a second: the analysis counts what is no tick`);
    }
    const cpuFollowing = cpuPercent(samples[0]!, samples.at(-1)!);
    return {
      subject: subject.name,
      rateHz,
      seconds,
      latencyUs: distribution(measurement.latenciesUs),
      pace,
      cpuFollowing,
      cpuAll: cpuPercent({ ...startedCpu, cpuUs: 0 }, samples.at(-1)!),
      transfersPerS: measurement.transfersPerS,
      cpuUsPerTransfer: (cpuFollowing * 1e4) / measurement.transfersPerS,
      firstGoalMs: ((measurement.firstGoalUs ?? Number.NaN) - execUs) / 1e3,
      samples,
      ...(own === undefined ? {} : { own }),
      violations: subject.kind === "product" ? violations : [],
      troubles,
    };
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** Marks a span of following in the record, and samples the process at its begin, its end and in between. */
async function watch(sim: RunningSim, pid: number, seconds: number): Promise<ProcessSample[]> {
  const mark = (text: string) => sim.client.request({ do: "mark", text });
  await mark(MARKS.begin);
  const samples = [sampleProcess(pid)];
  const endMs = performance.now() + seconds * 1e3;
  while (performance.now() < endMs) {
    await Bun.sleep(Math.min(SAMPLE_EVERY_MS, endMs - performance.now()));
    samples.push(sampleProcess(pid));
  }
  await mark(MARKS.end);
  return samples;
}

/** Stops a subject as systemd would; returns what was wrong with that. */
async function stop(child: Bun.Subprocess, { name, kind }: Subject): Promise<string[]> {
  child.kill("SIGTERM");
  const outcome = await Promise.race([
    child.exited,
    Bun.sleep(STOPPING_AT_MOST_MS).then(() => "late" as const),
  ]);
  if (outcome === "late") {
    child.kill("SIGKILL");
    await child.exited;
    return [`${name} had not ended ${STOPPING_AT_MOST_MS / 1e3} s after SIGTERM`];
  }
  return kind === "reference" || outcome === 0 ? [] : [`${name} ended with exit code ${outcome}`];
}

/** Reads a simulation's record: the figures, and whether the safety rules were kept. */
export async function judge(sim: RunningSim) {
  await sim.client.request({ do: "sync" });
  const measurement = new Measurement();
  const safety = new SafetyCheck(SPEED_LIMITS);
  for await (const entry of readRecord(sim.paths.record)) {
    measurement.see(entry);
    safety.see(entry);
  }
  return { measurement, violations: safety.violations };
}

/** Calls back for each JSON line of a stream, until it ends. */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  tell: (line: Line) => void,
): Promise<void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) tell(JSON.parse(line) as Line);
  }
}

/** Reads a stream to its end and keeps the last of it. */
async function keepTail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let last: Uint8Array = new Uint8Array();
  for await (const chunk of stream) last = chunk;
  return new TextDecoder().decode(last.slice(-1000));
}

async function withinMs<T>(promise: Promise<T>, ms: number, otherwise: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${otherwise} within ${ms / 1e3} s`)), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
