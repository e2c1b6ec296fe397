/**
 * What goes wrong between a leader's machine and its follower's, one fault after the other, each of which chaos draws among
 * others: the follower holds or goes on, and follows again by itself once the fault is over.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { judgeRecord } from "../../scripts/chaos/judge.ts";
import { FAKETIME } from "../../scripts/chaos/network/clock.ts";
import { NETWORK_FAULTS } from "../../scripts/chaos/network/faults.ts";
import { type TwoMachines, twoMachines } from "../../scripts/chaos/network/two-machines.ts";
import { sayLine } from "../../scripts/chaos/program.ts";
import { Random } from "../../scripts/random.ts";
import { askService } from "../../src/api/client.ts";
import { poseBoth } from "../../src/sim/testing/hands.ts";
import { type RunningSim, startSim } from "../../src/sim/testing/start.ts";
import { MOSQUITTO } from "../support/mosquitto.ts";
import { installed, needing } from "../support/needs.ts";
import { programPath } from "../support/program.ts";

setDefaultTimeout(120_000);

const RATE_HZ = 200;
/** How long following again may take; generous, for machines that are busy. */
const PATIENCE_MS = 60_000;
/** A fault lasts no longer here. */
const LONGEST_MS = 1_500;
/** So many samples that were acted upon show that it goes on. */
const SAMPLES = 20;
const random = new Random(7);

let sim: RunningSim;
let scene: TwoMachines;

beforeAll(async () => {
  sim = await startSim({ binary: programPath, motion: "still" });
  await poseBoth(sim, 0.4);
  scene = await twoMachines({ path: programPath, sim, rateHz: RATE_HZ, random, heard() {} });
  scene.start();
  await following();
});

afterAll(async () => {
  for (const program of scene?.programs ?? []) if (program.state !== "none") await program.end("SIGKILL");
  await scene?.[Symbol.asyncDispose]();
  await sim?.stop();
});

/** Waits until samples are acted upon. Throws when that does not come, or a program has ended. */
async function following(): Promise<void> {
  let acted: number | undefined;
  for (const from = performance.now(); ; await Bun.sleep(30)) {
    const troubles = scene.programs.flatMap((program) => program.troubles);
    if (troubles.length > 0 || performance.now() - from > PATIENCE_MS) {
      const said = scene.programs.map(({ lines }) => lines.slice(-10).map(sayLine).join("\n"));
      throw new Error(["it is not followed", ...troubles, ...said].join("\n\n"));
    }
    if (scene.follower.state !== "following") acted = undefined;
    else {
      const samples = (await askService([scene.victims.lab.socket], { do: "status" }))?.remote?.samples ?? 0;
      acted ??= samples;
      if (samples > acted + SAMPLES) return;
    }
  }
}

const { test } = needing(MOSQUITTO, installed(FAKETIME, "faketime"));
/** Those that are over without anybody's doing are told from those that interrupt. */
const KINDS = Object.keys(NETWORK_FAULTS);

test.each(KINDS)("%s: it follows again by itself", async (kind) => {
  await following();
  const from = scene.follower.lines.length;
  const fault = NETWORK_FAULTS[kind]!(random, scene.victims);
  await fault.begin();
  await Bun.sleep(Math.min(fault.forMs, LONGEST_MS));
  await fault.end();
  await Bun.sleep(fault.lingersMs);
  await following();
  if (fault.harmless) {
    const states = scene.follower.lines.slice(from).filter(({ event }) => event === "state");
    expect(states.filter(({ code }) => !code?.includes("program.stalled")).map(sayLine)).toEqual([]);
  }
});

test("and no safety rule was broken", async () => {
  await scene.end();
  await sim.client.request({ do: "sync" });
  expect(scene.programs.flatMap(({ troubles }) => troubles)).toEqual([]);
  expect((await judgeRecord(sim, scene.targetsOfMs)).violations).toEqual([]);
});
