/** How long it takes from exec to the first goal of the follower. */
import { join } from "node:path";
import { nowUs } from "../../src/linux/clock.ts";
import type { Violation } from "../../src/sim/testing/safety.ts";
import { judge, readLines } from "./run.ts";
import { program, startArms } from "./subjects.ts";

/** How the arms are found. */
export type Found = "configured" | "calibrated";

/** One start. */
export interface Start {
  readonly firstGoalMs: number;
  readonly violations: readonly Violation[];
}

const RATE_HZ = 200;
const START_AT_MOST_MS = 10_000;

/** Starts the program against fresh arms and ends it as soon as it has begun to align. */
export async function timeStart(found: Found): Promise<Start> {
  await using sim = await startArms(found);
  const execUs = nowUs();
  const child = Bun.spawn(program.command(sim, RATE_HZ), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    // Whatever befalls, the wait for its lines ends.
    timeout: START_AT_MOST_MS,
  });
  // It says "aligning" before it writes the first goal, and is given the time to write it.
  await readLines(child.stdout, ({ to }) => {
    if (to === "aligning") setTimeout(() => child.kill("SIGKILL"), 300);
  });
  await child.exited;
  const { measurement, violations } = await judge(sim);
  const { firstGoalUs } = measurement;
  if (firstGoalUs !== undefined) return { firstGoalMs: (firstGoalUs - execUs) / 1e3, violations };
  throw new Error(`the program wrote no goal within ${START_AT_MOST_MS / 1e3} s (record: ${join(sim.dir)})`);
}
