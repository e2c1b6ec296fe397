/** The pair behind slow connections, in virtual time: it follows as fast as they let it, and exactly. */
import { describe, expect, test } from "bun:test";
import { runLeRobot } from "../../src/sim/testing/lerobot.ts";
import {
  delayReplies,
  judgeGoals,
  PlaceWatch,
  type ReplyDelays,
  swing,
} from "../../src/sim/testing/slow-links.ts";
import { targetsOf } from "../support/calibrations.ts";
import { VirtualPair } from "../support/virtual-pair.ts";

/** What goals may go in a second is another test's. */
const settings = { followSpeedDegPerS: 2_000, alignSpeedDegPerS: 200 };

const SETTLE_S = 2;
const JUDGED_S = 5;

/** What the pair makes of a leader that swings behind a slow connection. */
async function following(it: VirtualPair, delays: ReplyDelays) {
  delayReplies(it.arms, delays);
  it.arms.boards.leader.hand.play(swing(it.arms), it.clock.nowUs());
  let judged: { fromUs: number; toUs: number; places: PlaceWatch } | undefined;
  it.heard = (event) => {
    if (event.kind !== "state" || event.to !== "following" || judged !== undefined) return;
    const fromUs = it.clock.nowUs() + SETTLE_S * 1e6;
    const toUs = fromUs + JUDGED_S * 1e6;
    judged = { fromUs, toUs, places: new PlaceWatch(it.arms, fromUs, toUs) };
    it.clock.at(toUs, () => it.memory.mailbox.requestEnd("stop"));
  };
  await it.runFor(40);
  if (judged === undefined) throw new Error(`never followed: ${it.codes().join(", ")}`);
  return judgeGoals(it.arms.record, targetsOf(it.arms), judged);
}

/** What LeRobot's loop makes of the same. */
function lerobot(delays: ReplyDelays) {
  using it = new VirtualPair();
  delayReplies(it.arms, delays);
  it.arms.boards.leader.hand.play(swing(it.arms), it.clock.nowUs());
  const fromUs = it.clock.nowUs() + SETTLE_S * 1e6;
  const toUs = fromUs + JUDGED_S * 1e6;
  const places = new PlaceWatch(it.arms, fromUs, toUs);
  runLeRobot(it.arms, targetsOf(it.arms), toUs);
  const figures = judgeGoals(it.arms.record, targetsOf(it.arms), { fromUs, toUs, places });
  // It does not keep to our rules.
  it.arms.record.length = 0;
  return figures;
}

const cases: readonly ReplyDelays[] = [
  { leader: 0.125, follower: 0.125 },
  { leader: 1, follower: 1 },
  { leader: 5, follower: 5 },
  { leader: 8, follower: 8 },
  { leader: 16, follower: 16 },
  { leader: 20, follower: 20 },
  { leader: 0.125, follower: 5 },
  { leader: 0.125, follower: 11 },
  { leader: 0.125, follower: 16 },
  { leader: 2, follower: 2, jitter: 8 },
];

describe.each(["behind the line", "before the line"] as const)("replies that are late %s", (where) => {
  test.each(cases)("by %j ms are followed exactly, as fast as they come", async (delays) => {
    using it = new VirtualPair({ settings });
    for (const board of Object.values(it.arms.boards)) board.isLate = where;
    const figures = await following(it, delays);
    const meanMs = delays.leader + (delays.jitter ?? 0) / 2;
    expect(it.memory.telemetry.counter("alignments")).toBe(1);
    expect(it.memory.telemetry.counter("overruns")).toBe(0);
    expect(figures.goalsPerS).toBeGreaterThanOrEqual(0.9 * Math.min(200, 1000 / (meanMs + 1.5)));
    expect(figures.exact).toBeGreaterThanOrEqual(0.98);
    expect(figures.collisions).toBe(0);
    expect(figures.amplitude).toBeGreaterThanOrEqual(lerobot(delays).amplitude * 0.98);
  });
});
