/** What the record of a demo's arms says: every packet that reached them, in a few figures, and whether all rules were kept. */
import { STEPS_PER_TURN, steps, stepsToDegrees } from "../../src/feetech/units.ts";
import { readRecord } from "../../src/sim/testing/record.ts";
import { SafetyCheck, type SafetyLimits } from "../../src/sim/testing/safety.ts";
import { distribution, goalsIn, isGoals, Measurement } from "../bench/analysis.ts";

/** What the program is set to unless told otherwise. */
const LIMITS = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45 };

/** Whose loops wrote the record: one that has both arms, or two on machines of which only the samples know each other. */
export type Loops = "one loop" | Pick<SafetyLimits, "targets" | "targetsOfMs">;

/** Says what the record tells, and returns what is wrong with it. */
export async function judge(record: string, loops: Loops): Promise<string[]> {
  const measurement = new Measurement();
  const safety = new SafetyCheck({ ...LIMITS, ...(loops === "one loop" ? {} : loops) });
  const goalTimesUs: number[] = [];
  const last: number[] = [];
  let largestStep = 0;
  for await (const entry of readRecord(record)) {
    measurement.see(entry);
    safety.see(entry);
    if (entry.kind !== "request" || entry.arm !== "follower" || !isGoals(entry)) continue;
    goalTimesUs.push(entry.firstT);
    for (const { id, goal } of goalsIn(entry)) {
      largestStep = Math.max(largestStep, Math.abs(goal - (last[id] ?? goal)));
      last[id] = goal;
    }
  }
  const goals = goalTimesUs.length;
  const spanS = (goalTimesUs.at(-1)! - goalTimesUs[0]!) / 1e6;
  if (goals < 2) return ["the follower was never told to follow"];
  const { p50, p99 } = distribution(measurement.latenciesUs);
  const lines = [
    `${goals} goals for the follower in ${spanS.toFixed(1)} s: ${((goals - 1) / spanS).toFixed(1)} a second`,
    ...(loops === "one loop"
      ? [
          `from the leader's position to the follower's goal: ${p50.toFixed(0)} µs (p50), ${p99.toFixed(0)} µs (p99)`,
        ]
      : []),
    `largest step of a joint's goal: ${largestStep} of ${STEPS_PER_TURN} steps a turn (${stepsToDegrees(steps(largestStep)).toFixed(2)}°)`,
    `safety rules broken: ${safety.violations.length}`,
  ];
  console.log(`\nMeasured at the arms, from every packet that reached them:\n  ${lines.join("\n  ")}`);
  return safety.violations.map(({ arm, joint, rule, message }) =>
    [arm, joint, `${rule}:`, message].filter(Boolean).join(" "),
  );
}
