/** The pair behind slow connections, in virtual time: it follows as fast as they let it, and exactly. */
import { describe, expect, test } from "bun:test";
import { measureLeRobot, targetsOf } from "../../scripts/links/measure.ts";
import { roundTripMs } from "../../src/feetech/round-trip.ts";
import type { RecordEntry } from "../../src/sim/record/entries.ts";
import {
  delayReplies,
  judgeGoals,
  MEASURED_DELAYS,
  PlaceWatch,
  type ReplyDelays,
  swing,
} from "../../src/sim/testing/slow-links.ts";
import { VirtualPair } from "../support/virtual-pair.ts";

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

describe.each(["behind the line", "before the line"] as const)("replies that are late %s", (where) => {
  test.each(MEASURED_DELAYS)("by %j ms are followed exactly, as fast as they come", async (delays) => {
    // What varies is behind the line: servos take the time that they are set to.
    if (where === "before the line" && delays.jitter !== undefined) return;
    using it = new VirtualPair();
    for (const board of Object.values(it.arms.boards)) board.isLate = where;
    const figures = await following(it, delays);
    const meanMs = delays.leader + (delays.jitter ?? 0) / 2;
    expect(it.memory.telemetry.counter("alignments")).toBe(1);
    expect(it.memory.telemetry.counter("overruns")).toBe(0);
    expect(figures.goalsPerS).toBeGreaterThanOrEqual(0.9 * Math.min(200, 1000 / (meanMs + 1.5)));
    expect(figures.exact).toBeGreaterThanOrEqual(0.98);
    expect(figures.collisions).toBe(0);
    expect(figures.amplitude).toBeGreaterThanOrEqual(measureLeRobot(delays).amplitude * 0.98);
  });
});

/** Both arms' replies take so long, and the leader swings. */
function behind(it: VirtualPair, delays: ReplyDelays): void {
  delayReplies(it.arms, delays);
  it.arms.boards.leader.hand.play(swing(it.arms), it.clock.nowUs());
}

/** What was told with a code. */
function told(it: VirtualPair, code: string) {
  return it.events.flatMap(({ event }) => {
    if ("reasons" in event) return event.reasons.filter((problem) => problem.code === code);
    return "problem" in event && event.problem.code === code ? event.problem : [];
  });
}

/** When the follower was given goals, s after the start. */
function goalsAtS(it: VirtualPair, fromS: number, startUs: number): number[] {
  return it.arms.record
    .filter(
      (entry) => entry.kind === "request" && entry.arm === "follower" && entry.hex.slice(8, 12) === "832a",
    )
    .map(({ t }) => (t - startUs) / 1e6)
    .filter((atS) => atS >= fromS);
}

describe("what is told", () => {
  test("the rate that slow replies lead to, once, and whose they are", async () => {
    using it = new VirtualPair();
    behind(it, { leader: 16, follower: 5 });
    await it.runFor(30);
    expect(told(it, "port.slow")).toEqual([
      {
        code: "port.slow",
        arm: { role: "leader", id: "leader" },
        roundTripMs: expect.closeTo(16.1, 0),
        rateHz: expect.closeTo(56, -1),
        configuredRateHz: 200,
      },
    ]);
  });

  test("nothing on a cable, also when replies are lost now and then", async () => {
    using it = new VirtualPair();
    behind(it, { leader: 0.125, follower: 0.125 });
    for (let s = 3; s < 20; s += 0.5) {
      it.at(s, () => {
        it.arms.boards.leader.lose = 1;
        it.arms.boards.follower.lose = 1;
      });
    }
    await it.runFor(20);
    expect(it.codes().filter((code) => code.startsWith("port."))).toEqual([]);
    expect(it.memory.telemetry.counter("overruns")).toBe(0);
    expect(it.memory.telemetry.counter("alignments")).toBe(1);
  });

  test.each(["leader", "follower"] as const)(
    "that hold_after_ms is too short for the %s, and the value that would do",
    async (role) => {
      using it = new VirtualPair();
      behind(it, { leader: 0.125, follower: 0.125, [role]: 70 });
      await it.runFor(5);
      const [problem, ...others] = told(it, "port.too-slow");
      expect(others).toEqual([]);
      expect(problem).toMatchObject({ arm: { role } });
      const { upToMs, holdAfterMs } = problem as { upToMs: number; holdAfterMs: number };
      // What counts is not the usual round trip, which is below 0.6 × hold_after_ms here, but how late a reply may be.
      expect(upToMs).toBeGreaterThan(70);
      expect(upToMs).toBeLessThanOrEqual(0.6 * holdAfterMs);

      using again = new VirtualPair({ settings: { holdAfterMs } });
      behind(again, { leader: 0.125, follower: 0.125, [role]: 70 });
      await again.runFor(12);
      expect(again.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
      expect(told(again, "port.too-slow")).toEqual([]);
    },
  );
});

test.each([30, 40, 55])(
  "a pair whose first replies take %d ms is found, and said to be nothing else",
  async (ms) => {
    using it = new VirtualPair();
    behind(it, { leader: ms, follower: ms });
    await it.runFor(12);
    expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
  },
);

test("the first goal comes within 150 ms of the return of a board on a cable", async () => {
  using it = new VirtualPair();
  const startUs = it.clock.nowUs();
  behind(it, { leader: 0.125, follower: 0.125 });
  for (const [index, s] of [10, 20, 30].entries()) {
    it.at(s, () => {
      it.arms.boards.follower.isPlugged = false;
    });
    it.at(s + 2 + index * 0.033, () => {
      it.arms.boards.follower.isPlugged = true;
    });
  }
  await it.runFor(40);
  for (const [index, s] of [12, 22, 32].entries()) {
    const backS = s + index * 0.033;
    expect(goalsAtS(it, backS, startUs)[0]! - backS).toBeLessThanOrEqual(0.15);
  }
});

test("a follower that loses its power behind a slow port is driven no further than 50 ms", async () => {
  using it = new VirtualPair();
  const startUs = it.clock.nowUs();
  behind(it, { leader: 2, follower: 20 });
  it.at(8, () => {
    it.arms.boards.follower.hasPower = false;
  });
  it.at(12, () => {
    it.arms.boards.follower.hasPower = true;
  });
  await it.runFor(20);
  expect(it.states()).toEqual([
    ...["connecting", "aligning", "following", "waiting"],
    ...["connecting", "aligning", "following", "stopped"],
  ] as ReturnType<VirtualPair["states"]>);
  const meanwhile = goalsAtS(it, 8, startUs).filter((atS) => atS < 12);
  // It may just have been asked.
  expect(Math.max(...meanwhile) - 8).toBeLessThanOrEqual(0.05 + 0.025);
});

test("a delay that grows while following is followed", async () => {
  using it = new VirtualPair();
  behind(it, { leader: 0.125, follower: 0.125 });
  it.at(8, () => delayReplies(it.arms, { leader: 30, follower: 30 }));
  it.at(16, () => delayReplies(it.arms, { leader: 0.125, follower: 0.125 }));
  await it.runFor(30);
  expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
  const { telemetry } = it.memory;
  expect(telemetry.bus("leader", "late")).toBeGreaterThan(0);
  expect(telemetry.bus("leader", "timeouts")).toBe(0);
});

test("a port that was late for a moment is a cable again", async () => {
  using it = new VirtualPair();
  behind(it, { leader: 0.125, follower: 0.125 });
  it.at(8, () => delayReplies(it.arms, { leader: 0.125, follower: 40 }));
  it.at(8.2, () => delayReplies(it.arms, { leader: 0.125, follower: 0.125 }));
  const readingsIn = (fromS: number, toS: number) =>
    it.arms.record.filter(({ t, kind, arm }: RecordEntry & { arm?: string }) => {
      const atS = (t - startUs) / 1e6;
      return kind === "request" && arm === "follower" && atS >= fromS && atS < toS;
    }).length;
  const startUs = it.clock.nowUs();
  await it.runFor(20);
  // Each tick writes goals and asks the follower.
  expect(readingsIn(10, 20) / readingsIn(6, 8)).toBeWithin(4.9, 5.1);
  expect(it.states()).toEqual(["connecting", "aligning", "following", "stopped"]);
});

test("how long replies take is known, whichever arm is slow", async () => {
  using it = new VirtualPair();
  behind(it, { leader: 0.125, follower: 12 });
  await it.runFor(20);
  const p50 = (role: "leader" | "follower") => roundTripMs(it.memory.roundTrips[role], 0.5);
  // Beside the delay there are the bytes on the line, and the board.
  expect(p50("leader")).toBeWithin(0.7, 1.2);
  expect(p50("follower")).toBeWithin(12.5, 13.6);
});
