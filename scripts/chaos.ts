/**
 * Beats the compiled program: random, overlapping faults on simulated arms, then the safety rules on the record of
 * what the arms were told. Exit code 1 when a rule was broken, something crashed, grew, or did not recover in time.
 *
 *   bun scripts/chaos.ts [--network | --clients] [--seed N] [--minutes M] [--rate HZ] [--program PATH] [--untimed] [--lines]
 *
 * --network has each arm on a machine of its own, and Mosquitto between them, which all may fail, too.
 * --clients has clients and replays drive the follower, honest ones and others.
 * --lines prints what is done to the program, and what it says, as it goes.
 * --untimed judges no times but that all ends: for machines of which nobody knows how busy they are.
 */
import { copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nowUs } from "../src/linux/clock.ts";
import { startSim } from "../src/sim/testing/start.ts";
import { programPath } from "./bench/subjects.ts";
import { withClients } from "./chaos/clients/with-clients.ts";
import type { Fault } from "./chaos/fault.ts";
import { CALM, judgeLife, judgeRecord } from "./chaos/judge.ts";
import { twoMachines } from "./chaos/network/two-machines.ts";
import { sayLine } from "./chaos/program.ts";
import { onePair } from "./chaos/scene.ts";
import { Random } from "./random.ts";

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: `${Math.floor(Math.random() * 1e6)}` },
    minutes: { type: "string", default: "1" },
    rate: { type: "string", default: "200" },
    program: { type: "string", default: programPath },
    network: { type: "boolean", default: false },
    clients: { type: "boolean", default: false },
    untimed: { type: "boolean", default: false },
    lines: { type: "boolean", default: false },
  },
});
const seed = Number(options.seed);
const rateHz = Number(options.rate);

/** What was done in one episode, and what became of it. */
interface Episode {
  readonly faults: readonly Fault[];
  readonly calmUs: number;
  /** Whether the pair was teleoperating when the last cause went. */
  readonly undisturbed: boolean;
  followingMs: number | undefined;
}

const random = new Random(seed);
const sim = await startSim({ binary: options.program, arms: "configured", motion: "wave" });
const makeScene = options.network ? twoMachines : options.clients ? withClients : onePair;
const scene = await makeScene({
  ...{ path: options.program, sim, rateHz, random },
  heard: (line) => {
    if (options.lines) console.log(sayLine(line));
  },
});
const { follower } = scene;
const { aligningMs, followingMs } = options.untimed
  ? { aligningMs: 20_000, followingMs: 40_000 }
  : scene.recovery;
const crashes = () => scene.programs.flatMap((program) => program.troubles);
const episodes: Episode[] = [];
const troubles: string[] = [];

console.log(`chaos: ${scene.name}, seed ${seed}, ${options.minutes} minutes at ${rateHz} Hz`);
scene.start();
await until(() => follower.state === "following", followingMs);
const endUs = nowUs() + Number(options.minutes) * 60e6;
while (nowUs() < endUs && troubles.length === 0 && crashes().length === 0) {
  await episode();
  await Bun.sleep(random.between(100, 1_500));
}
const measured = await scene.end();
await sim.client.request({ do: "sync" });
await report();

/** Some faults, at most three at a time, then calm until the pair follows again. */
async function episode(): Promise<void> {
  const taken = new Set<string>();
  const faults: Fault[] = [];
  for (let left = random.whole(1, 3); left > 0; left--) {
    const fault = scene.draw(taken);
    for (const use of fault.uses) taken.add(use);
    faults.push(fault);
  }
  const starts = faults.map(() => random.between(0, 1_000));
  const linesBefore = follower.lines.length;
  // What the episode before has led to may still go on.
  const beganFollowing = follower.state === "following";
  await Promise.all(
    faults.map(async (fault, index) => {
      await Bun.sleep(starts[index]!);
      if (options.lines) console.log(`${(nowUs() / 1e6).toFixed(3)} BEGIN ${fault.text}`);
      await fault.begin();
      await Bun.sleep(fault.forMs);
      await fault.end();
      await Bun.sleep(fault.lingersMs);
    }),
  );
  const undisturbed = ["following", "aligning"].includes(follower.state);
  const calmUs = nowUs();
  await sim.client.request({ do: "mark", text: `${CALM}${episodes.length}` });
  const entry: Episode = { faults, calmUs, undisturbed, followingMs: undefined };
  episodes.push(entry);
  if (!(await until(() => ["following", "aligning"].includes(follower.state), aligningMs))) {
    troubles.push(`episode ${episodes.length}: not aligning ${aligningMs} ms after the last cause had gone`);
  } else if (!(await until(() => follower.state === "following", followingMs))) {
    troubles.push(
      `episode ${episodes.length}: not following ${followingMs} ms after the last cause had gone`,
    );
  } else {
    entry.followingMs = (nowUs() - calmUs) / 1e3;
  }
  if (!beganFollowing || !faults.every(({ harmless }) => harmless === true)) return;
  for (const { event, to, code } of follower.lines.slice(linesBefore)) {
    // A machine that is busy with something else is a cause, too.
    if (event !== "state" || code === "program.stalled") continue;
    troubles.push(
      `episode ${episodes.length}: ${to} (${code}) though nothing gave a reason:\n${texts(entry)}`,
    );
  }
}

async function until(wanted: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = nowUs() + withinMs * 1e3;
  while (!wanted()) {
    if (nowUs() > deadline || crashes().length > 0) return wanted();
    await Bun.sleep(5);
  }
  return true;
}

async function report(): Promise<void> {
  const { violations, firstGoalMs } = await judgeRecord(sim, scene.targetsOfMs, scene.given);
  printCounts(
    "injected",
    episodes.flatMap(({ faults }) => faults.map(({ kind }) => kind)),
  );
  const met = follower.lines.flatMap(({ event, to, code }) =>
    event === "state" ? `state ${to}` : (code ?? event),
  );
  printCounts("met by", met);
  const disturbed = episodes.flatMap((entry, index) => (entry.undisturbed ? [] : [{ entry, index }]));
  console.log(
    `\n${episodes.length} episodes, ${disturbed.length} of them ended while teleoperation was interrupted`,
  );
  const firstMs = (index: number) => firstGoalMs.get(index) ?? 0;
  const usual = disturbed.filter(({ entry }) => slownessOf(entry) === undefined);
  const slow = disturbed.filter(({ entry }) => slownessOf(entry) !== undefined);
  const p99 = printTimes(
    "first goal of the alignment after the last cause had gone",
    usual.map(({ index }) => firstMs(index)),
  );
  printTimes(
    "following after that",
    usual.flatMap(({ entry }) => entry.followingMs ?? []),
  );
  for (const reason of new Set(slow.map(({ entry }) => slownessOf(entry)!))) {
    const those = slow.filter(({ entry }) => slownessOf(entry) === reason);
    printTimes(
      `first goal where ${reason}`,
      those.map(({ index }) => firstMs(index)),
    );
  }
  const { firstGoalP99Ms } = scene.recovery;
  if (p99 > firstGoalP99Ms && !options.untimed) {
    troubles.push(`the first goal came after ${p99.toFixed(0)} ms at p99: the target is ${firstGoalP99Ms}`);
    for (const { entry, index } of usual) {
      if (firstMs(index) > firstGoalP99Ms)
        console.log(`  ${firstMs(index).toFixed(0)} ms after ${texts(entry)}`);
    }
  }
  console.log("\nlives of the program");
  const lives = scene.programs.flatMap(({ name, lives }) => lives.map((life) => ({ name, life })));
  console.log(`  ${lives.length} in all; those that were long:`);
  for (const { name, life } of lives) {
    const judged = judgeLife(life, scene.lateThreads);
    if (judged === undefined) continue;
    console.log(`  ${name}: ${judged.text}`);
    if (judged.grew) troubles.push(`${name} grew: ${judged.text}`);
  }
  for (const line of measured) console.log(`  ${line}`);
  troubles.push(...crashes(), ...violations);
  console.log(`\n${violations.length} violations of the safety rules, ${crashes().length} crashes`);
  await scene[Symbol.asyncDispose]();
  if (troubles.length === 0) {
    await sim.stop();
    return;
  }
  for (const trouble of troubles.slice(0, 20)) console.log(`FAILED: ${trouble}`);
  const kept = join(tmpdir(), `chaos-${seed}.jsonl`);
  await copyFile(sim.paths.record, kept);
  console.log(`the last episodes:\n${episodes.slice(-3).map(texts).join("\n")}`);
  console.log(`and what the program said last:`);
  for (const line of follower.lines.slice(-15)) console.log(`  ${sayLine(line)}`);
  console.log(
    `the record is ${kept}; again: bun scripts/chaos.ts --seed ${seed} --minutes ${options.minutes} --rate ${rateHz}${options.network ? " --network" : ""}${options.clients ? " --clients" : ""}`,
  );
  await sim.stop();
  process.exitCode = 1;
}

function slownessOf({ faults }: Episode): string | undefined {
  return faults.find(({ slowly }) => slowly !== undefined)?.slowly;
}

function texts({ faults, calmUs }: Episode): string {
  return `  calm at ${(calmUs / 1e6).toFixed(3)} s after ${faults.map(({ text }) => text).join("; ")}`;
}

function printCounts(title: string, names: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  console.log(`\n${title}`);
  for (const [name, count] of [...counts].sort((a, b) => b[1] - a[1]))
    console.log(`  ${`${count}`.padStart(5)}  ${name}`);
}

/** Prints p50, p99 and the greatest; returns p99. */
function printTimes(title: string, ms: readonly number[]): number {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? 0;
  console.log(
    `${title}: p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms, max ${at(1).toFixed(0)} ms`,
  );
  return at(0.99);
}
