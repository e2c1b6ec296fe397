/** How long it takes from an arm's return to the follower's next goal, which is the first of an alignment. */

import type { SimRequest } from "../../src/sim/control/requests.ts";
import { readRecord } from "../../src/sim/testing/record.ts";
import type { Violation } from "../../src/sim/testing/safety.ts";
import { isGoals } from "./analysis.ts";
import { judge, readLines } from "./run.ts";
import { program, startArms } from "./subjects.ts";

/** What goes and comes back: each way in which a pair loses an arm. */
export const LOSSES = [
  "leader's board",
  "follower's board",
  "both boards",
  "leader's power",
  "follower's power",
] as const;

/** A way to lose an arm. */
export type Loss = (typeof LOSSES)[number];

/** One loss and what came of it. */
export interface Recovery {
  readonly alignedMs: number;
  readonly violations: readonly Violation[];
}

const RATE_HZ = 200;
/** How long an arm is away, and how long its servos take to start when its power is back. */
const AWAY_MS = 1_000;
const SERVO_START_MS = 100;
const AT_MOST_MS = 20_000;
const BACK = "back";

/** Lets the program follow, takes an arm away and gives it back. */
export async function timeRecovery(loss: Loss): Promise<Recovery> {
  await using sim = await startArms("configured");
  const child = Bun.spawn(program.command(sim, RATE_HZ), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: AT_MOST_MS,
  });
  const ask = async (requests: readonly SimRequest[]) => {
    for (const request of requests) await sim.client.request(request);
  };
  const arms =
    loss === "both boards"
      ? (["leader", "follower"] as const)
      : ([loss.startsWith("leader") ? "leader" : "follower"] as const);
  const isPower = loss.endsWith("power");
  let away: Promise<void> | undefined;
  await readLines(child.stdout, ({ to }) => {
    if (to === "following") {
      away ??= (async () => {
        await ask(
          arms.map((arm) => (isPower ? { do: "power", arm, on: false } : { do: "pull", arm }) as SimRequest),
        );
        await Bun.sleep(AWAY_MS);
        const back = arms.map(
          (arm) =>
            (isPower
              ? { do: "power", arm, on: true, silentMs: SERVO_START_MS }
              : { do: "plug", arm }) as SimRequest,
        );
        await ask([{ do: "mark", text: BACK }, ...back]);
      })();
    } else if (to === "aligning" && away !== undefined) setTimeout(() => child.kill("SIGKILL"), 300);
  });
  await child.exited;
  const { violations } = await judge(sim);
  let backUs: number | undefined;
  for await (const entry of readRecord(sim.paths.record)) {
    if (entry.kind === "mark" && entry.text === BACK) backUs = entry.t + (isPower ? SERVO_START_MS * 1e3 : 0);
    else if (backUs !== undefined && entry.kind === "request" && entry.arm === "follower" && isGoals(entry)) {
      return { alignedMs: (entry.firstT - backUs) / 1e3, violations };
    }
  }
  throw new Error(`the program did not align again within ${AT_MOST_MS / 1e3} s after the ${loss} came back`);
}
