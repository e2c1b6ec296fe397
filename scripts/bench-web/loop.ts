/** What open pages cost the loop, and what they cost the page's own process: with pages and without, by turns, in one run. */
import { readdirSync, readFileSync } from "node:fs";
import { readRecord } from "../../src/sim/testing/record.ts";
import { distribution, MARKS, Measurement, median, paceOf } from "../bench/analysis.ts";
import { cpuPercent, type ProcessSample, sampleProcess } from "../bench/process.ts";
import { judged, type Row } from "../bench/report.ts";
import { RATE_HZ, type World } from "./world.ts";

const SETTLING_MS = 1_500;
const MARK = /^(none|five) \d+$/;

type Pages = "none" | "five";

/** One span of the loop. */
interface Span {
  readonly measurement: Measurement;
  readonly cpu: Cpu;
}

/** Shares of one core, in %: of the control thread, and of its whole process. */
interface Cpu {
  readonly loop: number;
  readonly service: number;
}

/** The loop's figures with five pages beside those with none. */
export async function loopRows(world: World, rounds: number, seconds: number): Promise<Row[]> {
  const cpu: Record<Pages, Cpu[]> = { none: [], five: [] };
  for (let round = 0; round < rounds; round++) {
    for (const pages of ["none", "five"] as const) {
      const ends = await openConnections(world, pages === "five" ? 5 : 0);
      await Bun.sleep(SETTLING_MS);
      await world.sim.client.request({ do: "mark", text: `${pages} ${round}` });
      const before = { loopNs: loopNs(world.servicePid), all: sampleProcess(world.servicePid) };
      await Bun.sleep(seconds * 1e3);
      const all = sampleProcess(world.servicePid);
      const loopUs = (loopNs(world.servicePid) - before.loopNs) / 1e3;
      cpu[pages].push({
        loop: (100 * loopUs) / (all.atUs - before.all.atUs),
        service: cpuPercent(before.all, all),
      });
      await world.sim.client.request({ do: "mark", text: "over" });
      for (const end of ends) end();
    }
  }
  const spans = await spansOf(world, cpu);
  const figures = (pages: Pages) => {
    const of = (figure: (span: Span) => number) => median(spans[pages].map(figure));
    const paceOfSpan = ({ measurement }: Span) => paceOf(measurement.requestsUs, RATE_HZ);
    return {
      overruns: of((span) => (100 * paceOfSpan(span).overruns) / paceOfSpan(span).slots),
      latenessP99: of((span) => paceOfSpan(span).latenessUs.p99),
      latencyP50: of(({ measurement }) => distribution(measurement.latenciesUs).p50),
      latencyP99: of(({ measurement }) => distribution(measurement.latenciesUs).p99),
      loopCpu: of(({ cpu }) => cpu.loop),
      serviceCpu: of(({ cpu }) => cpu.service),
    };
  };
  const [none, five] = [figures("none"), figures("five")];
  const beside = (what: string, unit: string, key: keyof typeof none, atMost?: number) => [
    judged(`${what}, no page`, unit, none[key], {}),
    judged(`${what}, five pages`, unit, five[key], atMost === undefined ? {} : { atMost: rounded(atMost) }),
  ];
  return [
    // A tick of a thousand is what two runs of the same differ by.
    ...beside("overruns", "%", "overruns", none.overruns + 0.1),
    ...beside("latency p50", "µs", "latencyP50", 1.15 * none.latencyP50),
    ...beside("latency p99", "µs", "latencyP99", 1.5 * none.latencyP99),
    ...beside("tick lateness p99", "µs", "latenessP99", 1.5 * none.latenessP99 + 50),
    ...beside("CPU of the loop", "% of a core", "loopCpu", 1.1 * none.loopCpu + 0.1),
    ...beside("CPU of its process", "% of a core", "serviceCpu"),
  ];
}

/** What the page's process takes, with no page and with one. */
export async function processRows(world: World, seconds: number): Promise<Row[]> {
  const { pid } = world.web;
  const during = async (): Promise<[ProcessSample, ProcessSample]> => {
    const before = sampleProcess(pid);
    await Bun.sleep(seconds * 1e3);
    return [before, sampleProcess(pid)];
  };
  const idle = cpuPercent(...(await during()));
  const ends = await openConnections(world, 1);
  await Bun.sleep(SETTLING_MS);
  const [before, after] = await during();
  const shared = sharesOf(pid);
  for (const end of ends) end();
  return [
    judged("CPU, no page", "% of a core", idle, {}),
    judged("CPU, one page", "% of a core", cpuPercent(before, after), { atMost: 5 }),
    judged("resident memory, one page", "MB", after.residentKB / 1024, { atMost: 60 }),
    judged("of it no file's", "MB", after.anonymousKB / 1024, {}),
    judged("of it this process's share (PSS)", "MB", shared / 1024, {}),
    judged("peak resident memory", "MB", after.peakResidentKB / 1024, {}),
  ];
}

/** Connections as pages have them, which read all that comes. What their phones do with it is not this machine's work. */
async function openConnections({ web }: World, count: number): Promise<(() => void)[]> {
  const origin = new URL(web.url).origin;
  return await Promise.all(
    Array.from({ length: count }, () => {
      const { promise, resolve, reject } = Promise.withResolvers<() => void>();
      const socket = new WebSocket(`${origin.replace("http", "ws")}/live`, { headers: { origin } });
      socket.addEventListener("message", () => resolve(() => socket.close()), { once: true });
      socket.addEventListener("close", () => reject(new Error("a page was not let in")));
      return promise;
    }),
  );
}

async function spansOf({ sim }: World, cpu: Record<Pages, Cpu[]>): Promise<Record<Pages, Span[]>> {
  await sim.client.request({ do: "sync" });
  const spans: Record<Pages, Span[]> = { none: [], five: [] };
  let current: Measurement | undefined;
  for await (const entry of readRecord(sim.paths.record)) {
    if (entry.kind !== "mark") {
      current?.see(entry);
      continue;
    }
    current = undefined;
    const [, pages] = MARK.exec(entry.text) ?? [];
    if (pages !== "none" && pages !== "five") continue;
    current = new Measurement();
    current.see({ ...entry, text: MARKS.begin });
    spans[pages].push({ measurement: current, cpu: cpu[pages][spans[pages].length]! });
  }
  return spans;
}

/** The memory of a process, what it shares with others counted by its share, KB. */
function sharesOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}

/** CPU time of the control thread so far: the one thread of the service that is named so. */
function loopNs(pid: number): number {
  const of = (task: string, file: string) => readFileSync(`/proc/${pid}/task/${task}/${file}`, "utf8");
  const loop = readdirSync(`/proc/${pid}/task`).find((task) => of(task, "comm") === "Worker\n");
  if (loop === undefined) throw new Error("the service has no control thread");
  return Number(of(loop, "schedstat").split(" ")[0]);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
