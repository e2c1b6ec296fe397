/**
 * Measures what `so101 fleet --watch --json` costs, and how old it is what it tells, with many simulated machines on one
 * Mosquitto: `bun scripts/bench-fleet.ts`. Each has a connection of its own, says each second how it is, in figures that
 * change, and tells an event now and then. Exit code 1 when a target is not met.
 *
 *   --machines N   how many (default 200)
 *   --seconds N    for how long (default 60)
 *   --binary PATH  the program (default: the compiled one)
 */
import { parseArgs } from "node:util";
import { connectAsync, type MqttClient } from "mqtt";
import { farewell } from "../src/remote/fleet/own-status.ts";
import type { FleetEvent, FleetStatus } from "../src/remote/fleet/protocol.ts";
import { Mosquitto } from "../test/support/mosquitto.ts";
import { programPath } from "../test/support/program.ts";
import { cpuPercent, sampleProcess } from "./bench/process.ts";
import { print, type Row } from "./bench/report.ts";

const { values } = parseArgs({
  options: {
    machines: { type: "string", default: "200" },
    seconds: { type: "string", default: "60" },
    binary: { type: "string", default: programPath },
  },
});
const MACHINES = Number(values.machines);
const SECONDS = Number(values.seconds);
/** Of a machine, on average. */
const EVENT_EVERY_S = 10;
/** The first second is the start: every machine is new. */
const SETTLED_MS = 3_000;

const MOST_CPU_PERCENT = 10;
const MOST_AGE_MS = 1_000;

const startedAt = new Date().toISOString();

/** A machine's pair at the broker, which speaks until the process ends. */
class Machine {
  readonly #name: string;
  readonly #client: MqttClient;
  #events = 0;

  private constructor(name: string, client: MqttClient) {
    this.#name = name;
    this.#client = client;
  }

  static async connect(url: string, name: string): Promise<Machine> {
    const will = {
      topic: `so101/${name}/status`,
      payload: Buffer.from(JSON.stringify(farewell("b", "lost"))),
    };
    const options = { protocolVersion: 5, will: { ...will, qos: 1, retain: true } } as const;
    return new Machine(name, await connectAsync(url, options));
  }

  say(): void {
    const time = new Date().toISOString();
    const status: FleetStatus = {
      ...{ v: 1, online: true, instance: "b", time, program: "0.2.0", startedAt, takesCommands: false },
      ...{ state: "following", since: startedAt, why: "the follower has reached the leader's pose" },
      ...{ mode: "running", armsHere: "follower", configuredRateHz: 200, alarms: [] },
      driver: { source: "remote leader", leader: "desk/main", since: startedAt },
      rateHz: 198 + Math.round(Math.random() * 4),
      temperatureC: 30 + Math.round(Math.random() * 10),
      remote: {
        ...{ leader: "desk/main", longestGapMs: 42, dropped: 7, holds: 0, wantedS: 60, followedS: 60 },
        delayMs: { p50: 1 + Math.random(), p99: 5 + Math.random() },
      },
    };
    this.#publish("status", status, true);
    if (Math.random() < 1 / EVENT_EVERY_S) {
      const code = "SO101-E042 joint.obstructed";
      const message = "follower (lab): elbow_flex (id 3) is stopped by something: it presses no further";
      const event = {
        v: 1,
        startedAt,
        number: ++this.#events,
        time,
        code,
        severity: "info",
        message,
      } as const;
      this.#publish("events", event satisfies FleetEvent, false);
    }
  }

  #publish(what: string, message: object, retain: boolean): void {
    this.#client.publish(`so101/${this.#name}/${what}`, JSON.stringify(message), { qos: 1, retain });
  }

  end(): Promise<void> {
    return this.#client.endAsync(true);
  }
}

/** A line of what is measured. */
interface Line {
  readonly event: string;
  readonly name: string;
  readonly status?: { readonly time: string } | null;
  readonly told?: { readonly time: string };
}

await using broker = await Mosquitto.start();
const names = Array.from({ length: MACHINES }, (_, index) => `machine${index}/main`);
const machines = await Promise.all(names.map((name) => Machine.connect(broker.url, name)));
let next = 0;
// One after the other, so that each speaks once a second.
const timer = setInterval(() => {
  for (const dueMs = performance.now() - fromMs; next < (dueMs * MACHINES) / 1_000; next++)
    machines[next % MACHINES]!.say();
}, 5);
const fromMs = performance.now();

const child = Bun.spawn([values.binary, "fleet", "--broker", broker.url, "--watch", "--json"], {
  stdin: "ignore",
  stdout: "pipe",
  stderr: "inherit",
});
const ages: number[] = [];
const eventAges: number[] = [];
/** How long ago each pair's newest status was made, whenever it is looked: what somebody sees who looks at the list. */
const newest = new Map<string, number>();
const reading = (async () => {
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    const nowMs = Date.now();
    for (const part of parts) {
      const line = JSON.parse(part) as Line;
      const madeMs = Date.parse(line.status?.time ?? line.told?.time ?? "");
      if (line.event === "pair") newest.set(line.name, madeMs);
      if (performance.now() - fromMs < SETTLED_MS || Number.isNaN(madeMs)) continue;
      (line.event === "pair" ? ages : eventAges).push(nowMs - madeMs);
    }
  }
})();

await Bun.sleep(SETTLED_MS);
const before = sampleProcess(child.pid);
const shown: number[] = [];
for (let s = 0; s < SECONDS; s++) {
  await Bun.sleep(1_000);
  const nowMs = Date.now();
  for (const madeMs of newest.values()) shown.push(nowMs - madeMs);
}
const after = sampleProcess(child.pid);
child.kill("SIGINT");
await reading;
clearInterval(timer);
await Promise.all(machines.map((machine) => machine.end()));

const cpu = cpuPercent(before, after);
const late = percentile(ages, 1);
const rows: Row[] = [
  {
    what: "machines heard of",
    unit: "",
    value: newest.size,
    target: `${MACHINES}`,
    met: newest.size === MACHINES,
  },
  { what: "told a second", unit: "lines", value: (ages.length + eventAges.length) / SECONDS },
  { what: "a status, from machine to line: p50", unit: "ms", value: percentile(ages, 0.5) },
  { what: "… p99", unit: "ms", value: percentile(ages, 0.99) },
  { what: "… longest", unit: "ms", value: late, target: `≤ ${MOST_AGE_MS} ms`, met: late <= MOST_AGE_MS },
  { what: "an event, from machine to line: p99", unit: "ms", value: percentile(eventAges, 0.99) },
  { what: "the list, whenever looked at: p99", unit: "ms", value: percentile(shown, 0.99) },
  {
    what: "processor",
    unit: "% of a core",
    value: cpu,
    target: `≤ ${MOST_CPU_PERCENT} %`,
    met: cpu <= MOST_CPU_PERCENT,
  },
  { what: "memory", unit: "MB", value: after.residentKB / 1024 },
];
print(`so101 fleet --watch --json, ${MACHINES} machines, ${SECONDS} s`, rows);
process.exitCode = rows.some(({ met }) => met === false) ? 1 : 0;

function percentile(from: readonly number[], share: number): number {
  const sorted = from.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
