/** Simulated arms for the tests of commands: where they are, how they are, and that no rule was broken. */
import { expect } from "bun:test";
import { join } from "node:path";
import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { JOINTS, type Role } from "../../src/arm/joints.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import { checkSafety, needlessWrites } from "../../src/sim/testing/safety.ts";
import { type RunningSim, type StartOptions, startSim } from "../../src/sim/testing/start.ts";
import { targetsOf } from "./targets.ts";

/**
 * Starts simulated arms; their record is checked when they are disposed. Where a leader moves, and is followed all along,
 * it is judged by where the goals belong.
 */
export async function checkedArms(
  options: StartOptions = {},
  judged: "by the targets" | "by the limits" = "by the limits",
): Promise<RunningSim> {
  const sim = await startSim(options);
  const stop = async () => {
    await sim.client.request({ do: "sync" });
    const entries = await recordEntries(sim.paths.record);
    const targets = judged === "by the targets" ? targetsOf(sim) : undefined;
    const limits = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45, ...(targets && { targets }) };
    const wrong = [checkSafety(entries, limits), needlessWrites(entries)];
    await sim.stop();
    expect(wrong).toEqual([[], []]);
  };
  return { ...sim, stop, [Symbol.asyncDispose]: stop };
}

/** The options that lead a command to an arm. */
export function optionsFor({ paths }: RunningSim, role: Role): string[] {
  return ["--port", paths[role], "--id", role, "--calibration-dir", paths.calibration];
}
/** Waits until the hand has brought an arm to rest. */
export async function atRest(sim: RunningSim, role: Role = "leader"): Promise<void> {
  for (let still = 0, last = ""; still < 10; await Bun.sleep(50)) {
    const now = JSON.stringify(await encoders(sim, role));
    still = now === last ? still + 1 : 0;
    last = now;
  }
}

/** Where the encoders stand, in the joints' order. */
export async function encoders(sim: RunningSim, role: Role): Promise<number[]> {
  const arms = await sim.client.request({ do: "state" });
  return JOINTS.map((joint) => arms[role].joints[joint].encoder);
}

/** What the servos of an arm hold. */
export async function held(sim: RunningSim, role: Role = "leader") {
  const arms = await sim.client.request({ do: "state" });
  return JOINTS.map((joint) => {
    const { homing_offset, min_position_limit, max_position_limit } = arms[role].joints[joint].registers;
    return [homing_offset, min_position_limit, max_position_limit];
  });
}

/** The arm's calibration file. */
export function fileOf({ paths }: RunningSim, role: Role = "leader"): string {
  const of = { leader: "teleoperators/so101_leader", follower: "robots/so101_follower" };
  return join(paths.calibration, of[role], `${role}.json`);
}

/** What servos that have a calibration hold. */
export const inEeprom = (calibration: Calibration) =>
  JOINTS.map((joint) => {
    const { homing_offset, range_min, range_max } = calibration[joint];
    return [homing_offset, range_min, range_max];
  });
