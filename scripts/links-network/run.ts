/** One run: a leader's machine and a follower's on a link of a profile, for a while; then the link is cut, and joined again. */

import { nowUs } from "../../src/linux/clock.ts";
import { PROFILES, type ProfileName } from "../../src/sim/testing/link/conditions.ts";
import { Link } from "../../src/sim/testing/link/link.ts";
import { readRecord } from "../../src/sim/testing/record.ts";
import { SafetyCheck, type Violation } from "../../src/sim/testing/safety.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { Mosquitto } from "../../test/support/mosquitto.ts";
import { targetsOf } from "../../test/support/targets.ts";
import { startArms } from "../bench/subjects.ts";
import { sayLine } from "../chaos/program.ts";
import {
  type CutFigures,
  cutFigures,
  type FollowingFigures,
  followingFigures,
  type Span,
  statesIn,
} from "./figures.ts";
import { type ClientFigures, desk, lab, reach, watchClient } from "./machines.ts";
import { type Followed, type Goals, goalsOf, match, Readings } from "./matching.ts";

/** How to run. */
export interface RunOptions {
  readonly profile: ProfileName;
  /** How long it follows, and how long the link is cut after that. */
  readonly seconds: number;
  readonly cutSeconds: number;
  /** Of TCP at both ends; the machine's if left out. */
  readonly congestionControl?: string;
}

/** What came of it. */
export interface RunFigures {
  readonly profile: ProfileName;
  readonly congestionControl: string;
  readonly following: FollowingFigures;
  readonly cut: CutFigures;
  readonly clients: { readonly leader: ClientFigures; readonly follower: ClientFigures };
  readonly violations: readonly Violation[];
  /** What went wrong with the programs themselves, in words. */
  readonly troubles: readonly string[];
  /** What the follower's program said, by the seconds since it was measured from. */
  readonly told: readonly string[];
}

/** The package's units have their programs before others; so this machine's other work tells less. */
const FIRST = ["nice", "-n", "-5"];
/** Compiling, connecting and finding the link's rate are over by then. */
const WARM_UP_MS = 3_000;
/** After it follows again. */
const AFTERWARDS_MS = 2_000;
/** The program's defaults. A remote leader's sample is acted upon until it is 150 ms late, beyond the link's own delay. */
const LIMITS = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45, targetsOfMs: 300 };

/** Runs it. Rejects when the follower does not come to following. */
export async function run({
  profile,
  seconds,
  cutSeconds,
  congestionControl,
}: RunOptions): Promise<RunFigures> {
  const conditions = PROFILES[profile];
  await using link = await Link.start({ conditions, ...(congestionControl && { congestionControl }) });
  await using broker = await Mosquitto.start({
    address: link.b.address,
    wrapper: [...link.b.enter, ...FIRST],
  });
  await using sim = await startArms("configured");
  const leader = desk(sim, "leader", { enter: [...link.a.enter, ...FIRST], broker: broker.url });
  const follower = lab(sim, { enter: [...link.b.enter, ...FIRST], broker: broker.url });
  let measured: Span;
  let cut: Span;
  let clients: RunFigures["clients"];
  try {
    leader.start();
    follower.start();
    await reach(follower, "following");
    await Bun.sleep(WARM_UP_MS);
    const watched = { leader: watchClient(leader), follower: watchClient(follower) };
    const fromUs = nowUs();
    await Bun.sleep(seconds * 1e3);
    measured = { fromUs, toUs: nowUs() };
    clients = { leader: watched.leader(), follower: watched.follower() };
    const { atUs: cutUs } = await link.cut("both");
    await Bun.sleep(cutSeconds * 1e3);
    cut = { fromUs: cutUs, toUs: (await link.join()).atUs };
    await reach(follower, "following");
    await Bun.sleep(AFTERWARDS_MS);
  } finally {
    await follower.end("SIGTERM");
    await leader.end("SIGTERM");
  }
  const { followed, violations } = await judge(sim);
  const states = statesIn(follower.lines);
  return {
    profile,
    congestionControl: link.congestionControl,
    following: followingFigures(followed, states, measured),
    cut: cutFigures(followed, states, cut),
    clients,
    violations,
    troubles: [...leader.troubles, ...follower.troubles],
    told: follower.lines.map((line) => sayLine({ ...line, atUs: line.atUs - measured.fromUs })),
  };
}

/** Reads the record: which goals were made of which readings, and whether the safety rules were kept. */
async function judge(sim: RunningSim): Promise<{ followed: Followed[]; violations: Violation[] }> {
  await sim.client.request({ do: "sync" });
  const targets = targetsOf(sim);
  if (targets === undefined) throw new Error("an arm has no calibration");
  const safety = new SafetyCheck({ ...LIMITS, targets });
  const readings = new Readings(targets);
  const given: Goals[] = [];
  for await (const entry of readRecord(sim.paths.record)) {
    safety.see(entry);
    readings.see(entry);
    const goals = goalsOf(entry);
    if (goals !== undefined) given.push(goals);
  }
  return { followed: match(readings.all, given), violations: safety.violations };
}
