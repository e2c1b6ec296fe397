/**
 * Measures what recording costs the teleoperation that is recorded: the compiled program on simulated arms, by turns without a
 * recorder, recording 30 frames a second, and recording 200: `bun scripts/bench-record.ts`. Prints a table. Exit code 1 when a
 * safety rule was broken or something crashed; a target that is not met is only said.
 *
 *   --seconds N       how long each turn lasts (15)
 *   --rounds N        how many turns of each; the figures are their medians (3)
 */
import { readdirSync, rmSync, statSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { JOINT_COUNT } from "../src/arm/joints.ts";
import { readEpisode } from "../src/dataset/dataset.ts";
import { DatasetWriter } from "../src/dataset/writer.ts";
import { readRecord } from "../src/sim/testing/record.ts";
import { SafetyCheck } from "../src/sim/testing/safety.ts";
import { order, RunningRecorder } from "../test/support/recorder.ts";
import { distribution, MARKS, Measurement, median, paceOf } from "./bench/analysis.ts";
import { cpuPercent, type ProcessSample, sampleProcess } from "./bench/process.ts";
import { judged, print } from "./bench/report.ts";
import { program, startArms } from "./bench/subjects.ts";

const { values: options } = parseArgs({
  options: { seconds: { type: "string", default: "15" }, rounds: { type: "string", default: "3" } },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);

const RATE_HZ = 200;
const WARM_UP_MS = 2_000;
const MINUTE_S = 60;
const MINUTES_AN_HOUR = 60;
/** What a turn records, frames a second; 0 for nothing. */
const TURNS = [0, 30, 200] as const;

/** What one turn has cost. */
interface Turn {
  readonly fps: number;
  /** Of the service and of the recorder, % of a core. */
  readonly cpu: number;
  readonly recorderCpu: number;
  readonly recorderMb: number;
  readonly mbAnHour: number;
  readonly lost: number;
}

const folder = await mkdtemp(join(tmpdir(), "so101-bench-record-"));
try {
  const troubles = await measure();
  for (const trouble of troubles) console.error(`bench-record: ${trouble}`);
  process.exitCode = troubles.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Measures and prints; returns what was wrong, in words. */
async function measure(): Promise<string[]> {
  await using sim = await startArms("configured");
  // A machine that is busy for a moment ends no turn.
  const config = join(folder, "patient.toml");
  await Bun.write(config, "[teleoperation]\nhold_after_ms = 1000\n");
  const service = Bun.spawn([...program.command(sim, RATE_HZ), "--config", config], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const turns: Turn[] = [];
  try {
    await following(service.stdout);
    await Bun.sleep(WARM_UP_MS);
    const mark = (text: string) => sim.client.request({ do: "mark", text });
    for (let round = 0; round < rounds; round++) {
      for (const fps of TURNS) {
        console.error(`bench-record: turn ${round + 1} of ${rounds}, ${fps} frames a second`);
        turns.push(await takeTurn(join(sim.dir, "control.sock"), service.pid, fps, mark));
      }
    }
  } finally {
    service.kill("SIGTERM");
    await service.exited;
  }
  await sim.client.request({ do: "sync" });
  const spans: Measurement[] = [];
  const safety = new SafetyCheck({ followSpeedDegPerS: 360, alignSpeedDegPerS: 45 });
  for await (const entry of readRecord(sim.paths.record)) {
    if (entry.kind === "mark" && entry.text === MARKS.begin) spans.push(new Measurement());
    spans.at(-1)?.see(entry);
    safety.see(entry);
  }
  show(turns, spans);
  return safety.violations.slice(0, 5).map(({ rule, joint, message }) => `${joint}: ${rule}: ${message}`);
}

async function takeTurn(
  socket: string,
  pid: number,
  fps: number,
  mark: (text: string) => Promise<unknown>,
): Promise<Turn> {
  const dataset = join(folder, `${fps}-${performance.now()}`);
  const args = ["--dataset", dataset, "--unattended", "--fps", String(fps)];
  await using recorder = fps === 0 ? undefined : new RunningRecorder(socket, args);
  if (recorder !== undefined) {
    await recorder.untilIs("ready");
    await order(socket, "begin");
    await recorder.untilIs("recording", fps);
  }
  await Bun.sleep(WARM_UP_MS);
  const look = (): ProcessSample[] => [pid, ...(recorder ? [recorder.pid] : [])].map(sampleProcess);
  await mark(MARKS.begin);
  const before = look();
  await Bun.sleep(seconds * 1e3);
  const after = look();
  await mark(MARKS.end);
  const share = (at: number) => cpuPercent(before[at]!, after[at]!);
  if (recorder === undefined)
    return { fps, cpu: share(0), recorderCpu: 0, recorderMb: 0, mbAnHour: 0, lost: 0 };
  await order(socket, "end");
  const saved = await recorder.until((event) => event.saved === 1, "an episode");
  const recorderMb = sampleProcess(recorder.pid).peakResidentKB / 1024;
  await order(socket, "stop");
  await recorder.ended();
  const mbAnHour = await mbOfAnHour(dataset, fps);
  return { fps, cpu: share(0), recorderCpu: share(1), recorderMb, mbAnHour, lost: saved.lost! };
}

/** Waits until the service follows, and takes in all that it says afterwards. */
async function following(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
  const follows = Promise.withResolvers<void>();
  void (async () => {
    for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
      if (text.includes('"to":"following"')) follows.resolve();
    }
    follows.reject(new Error("the service has ended"));
  })();
  await follows.promise;
}

/** What an hour takes, in episodes of a minute of the motion that a dataset has. */
async function mbOfAnHour(dataset: string, fps: number): Promise<number> {
  const { actions, states } = await readEpisode(dataset, 0);
  const length = fps * MINUTE_S;
  const minuteOf = (values: Float32Array) =>
    Float32Array.from({ length: length * JOINT_COUNT }, (_, at) => values[at % values.length]!);
  const writer = await DatasetWriter.create(`${dataset}-hour`, { fps, units: "range" });
  const frames = { action: minuteOf(actions), state: minuteOf(states), length };
  await writer.saveEpisode({ task: "Grab the cube", frames, gaps: [] });
  const one = bytesIn(writer.dir);
  await writer.saveEpisode({ task: "Grab the cube", frames, gaps: [] });
  const two = bytesIn(writer.dir);
  writer.close();
  return (one + (two - one) * (MINUTES_AN_HOUR - 1)) / 1e6;
}

function bytesIn(dir: string): number {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function show(turns: readonly Turn[], spans: readonly Measurement[]): void {
  const of = (fps: number, figure: (turn: Turn, span: Measurement) => number) =>
    median(turns.flatMap((turn, at) => (turn.fps === fps ? [figure(turn, spans[at]!)] : [])));
  const latency = (share: "p50" | "p99") => (_: Turn, span: Measurement) =>
    distribution(span.latenciesUs)[share];
  const overruns = (_: Turn, span: Measurement) => {
    const pace = paceOf(span.requestsUs, RATE_HZ);
    return (100 * pace.overruns) / pace.slots;
  };
  for (const fps of TURNS) {
    const isWithout = fps === 0;
    const title = isWithout ? "Without a recorder" : `Recording ${fps} frames a second`;
    print(`${title}, at ${RATE_HZ} Hz`, [
      { what: "leader's last byte to goal, p50", unit: "µs", value: of(fps, latency("p50")) },
      { what: "the same, p99", unit: "µs", value: of(fps, latency("p99")) },
      {
        what: "ticks late by, p99",
        unit: "µs",
        value: of(fps, (_, span) => paceOf(span.requestsUs, RATE_HZ).latenessUs.p99),
      },
      { what: "overruns", unit: "%", value: of(fps, overruns) },
      { what: "CPU of the service", unit: "% of a core", value: of(fps, ({ cpu }) => cpu) },
      ...(isWithout
        ? []
        : [
            judged(
              "more than without a recorder",
              "% of a core",
              of(fps, ({ cpu }) => cpu) - of(0, ({ cpu }) => cpu),
              { atMost: fps === 30 ? 0.5 : 3 },
            ),
            {
              what: "CPU of the recorder",
              unit: "% of a core",
              value: of(fps, ({ recorderCpu }) => recorderCpu),
            },
            judged(
              "its peak resident memory",
              "MB",
              of(fps, ({ recorderMb }) => recorderMb),
              { atMost: 80 },
            ),
            judged(
              "an hour, in episodes of a minute",
              "MB",
              of(fps, ({ mbAnHour }) => mbAnHour),
              fps === 30 ? { atMost: 6 } : {},
            ),
            { what: "frames lost in a turn", unit: "", value: of(fps, ({ lost }) => lost) },
          ]),
    ]);
  }
}
