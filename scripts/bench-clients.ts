/**
 * Measures how long a client's command takes to the follower's bus, beside a floor in the same run that has no logic:
 * `bun scripts/bench-clients.ts`. Prints a table. Exit code 1 when a safety rule was broken or something crashed; a target
 * that is not met is only said.
 *
 *   --seconds N       how long a client sends, at each rate (20)
 *   --only TEXT       only the ways whose names contain it: "socket", "LeKiwi", "plugin"
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { JOINTS } from "../src/sim/arm/joints.ts";
import { recordEntries } from "../src/sim/testing/record.ts";
import { checkSafety } from "../src/sim/testing/safety.ts";
import type { RunningSim } from "../src/sim/testing/start.ts";
import { type Distribution, distribution } from "./bench/analysis.ts";
import { judged, print } from "./bench/report.ts";
import { programPath, startArms } from "./bench/subjects.ts";
import { sendAt, targetOf } from "./bench-clients/sender.ts";
import { untilFollowed, WAYS, type Way } from "./bench-clients/ways.ts";
import { Program, teleoperateBoth } from "./chaos/program.ts";
import { compile } from "./compile.ts";
import { reach } from "./links-network/machines.ts";
import { goalsOf, match, type Reading } from "./links-network/matching.ts";

const { values: options } = parseArgs({
  options: { seconds: { type: "string", default: "20" }, only: { type: "string", default: "" } },
});
const seconds = Number(options.seconds);

/** Commands a second, and by how many steps each moves a joint: less than the speed limit allows in a tick. */
const RATES = [
  { rateHz: 30, stepsEach: 8 },
  { rateHz: 200, stepsEach: 3 },
] as const;
const LIMITS = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45 };
const TARGETS = { p50: 2, p99: 8 };
/** A floor that is later than this at p99 has a machine that does something else, ms. */
const BUSY_MS = 5;

/** From a command to its goals, ms, and of how many commands there were goals. */
interface Taken {
  readonly ms: Distribution;
  readonly sent: number;
}

const dir = await mkdtemp(join(tmpdir(), "so101-bench-clients-"));
const floorPath = join(dir, "floor");
await compile([join(import.meta.dir, "bench-clients/floor.ts")], floorPath);
const troubles: string[] = [];
for (const way of WAYS.filter(({ name }) => name.includes(options.only))) {
  for (const rate of RATES) {
    const floor = await floorOf(way, rate);
    const program = await programOf(way, rate);
    show(way, rate, program, floor);
  }
}
await rm(dir, { recursive: true });
for (const trouble of troubles) console.error(`bench-clients: ${trouble}`);
process.exitCode = troubles.length > 0 ? 1 : 0;

type Rate = (typeof RATES)[number];

/** Goals that are written as soon as a command has come. */
async function floorOf(way: Way, rate: Rate): Promise<Taken> {
  await using sim = await quietArms();
  const middle = await middleOf(sim);
  const at = way.floorAt(sim);
  const floor = new Program([floorPath, at, sim.paths.follower]);
  floor.start();
  await reach(floor, "following");
  const sender = await way.toFloor(at);
  const sent = await sendAt(rate, seconds, middle, sender);
  await sender.end();
  await floor.end("SIGKILL");
  return await taken(sim, sent);
}

async function programOf(way: Way, rate: Rate): Promise<Taken> {
  await using sim = await quietArms();
  const program = new Program(teleoperateBoth(programPath, sim, 200));
  program.start();
  await reach(program, "following");
  const middle = await middleOf(sim);
  const control = `${sim.dir}/control.sock`;
  const sender = await way.toProgram(sim, control);
  await untilFollowed(control, targetOf(0, middle, rate.stepsEach), sender);
  const sent = await sendAt(rate, seconds, middle, sender);
  await sender.end();
  await program.end("SIGTERM");
  troubles.push(...program.troubles);
  for (const { rule, joint, message } of checkSafety(await entriesOf(sim), LIMITS)) {
    troubles.push(`${joint}: ${rule}: ${message}`);
  }
  return await taken(sim, sent);
}

/** Arms whose leader lies still, and all of whose joints are in the middle of their ranges' way. */
async function quietArms(): Promise<RunningSim> {
  const sim = await startArms("configured");
  await sim.client.request({ do: "motion", arm: "leader", play: "still" });
  return sim;
}

async function middleOf({ client }: RunningSim): Promise<number[]> {
  const { follower } = await client.request({ do: "state" });
  return JOINTS.map((joint) => Math.round(follower.joints[joint].position));
}

async function entriesOf({ client, paths }: RunningSim) {
  await client.request({ do: "sync" });
  return recordEntries(paths.record);
}

async function taken(sim: RunningSim, sent: readonly Reading[]): Promise<Taken> {
  const entries = await entriesOf(sim);
  const followed = match(
    sent,
    entries.flatMap((entry) => goalsOf(entry) ?? []),
  );
  return {
    ms: distribution(followed.map(({ readAtUs, goalAtUs }) => (goalAtUs - readAtUs) / 1e3)),
    sent: sent.length,
  };
}

function show({ name }: Way, { rateHz }: Rate, { ms, sent }: Taken, floor: Taken): void {
  print(`A command by ${name} to the follower's goal, ${rateHz} commands a second for ${seconds} s`, [
    judged("command to goal, p50", "ms", ms.p50, { atMost: TARGETS.p50 }),
    judged("command to goal, p99", "ms", ms.p99, { atMost: TARGETS.p99 }),
    judged("command to goal, longest", "ms", ms.max, {}),
    judged("the floor, p50", "ms", floor.ms.p50, {}),
    judged("the floor, p99", "ms", floor.ms.p99, {}),
    judged("the floor, longest", "ms", floor.ms.max, {}),
    // Of commands that come within one tick the newest counts.
    judged("commands that became goals", "%", (100 * ms.count) / sent, {}),
    judged("the floor's", "%", (100 * floor.ms.count) / floor.sent, {}),
  ]);
  if (floor.ms.p99 <= BUSY_MS) return;
  console.log("  Even the floor was late: the machine was busy, and these figures say little.");
}
