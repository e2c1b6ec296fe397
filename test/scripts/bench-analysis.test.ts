/** How the benchmark reads a record, pairs replies with goals and judges the pace of ticks. */
import { expect, test } from "bun:test";
import {
  distribution,
  MARKS,
  Measurement,
  median,
  paceOf,
  percentile,
  slope,
} from "../../scripts/bench/analysis.ts";
import type { BytesEntry, MarkEntry, RecordEntry } from "../../src/sim/record/entries.ts";

const READ_POSITIONS = "fffffe0a8238020102030405062a";
const GOALS = "fffffe16832a02010008020008030008040008050008060008e6";
const HEALTH = "ffff010402281fb1";
/** The leader's servo 3 whole, and all its servos' torque: what the slack of some ticks asks for. */
const WHOLE_SERVO = "ffff030402281faf";
const TORQUE = "fffffe0a8228010102030405063b";

function bytes(kind: BytesEntry["kind"], arm: BytesEntry["arm"], hex: string, t: number): BytesEntry {
  return { t, kind, arm, hex, firstT: t, lastT: t };
}

function mark(text: string, t: number): MarkEntry {
  return { t, kind: "mark", text };
}

function measure(...entries: RecordEntry[]): Measurement {
  const measurement = new Measurement();
  for (const entry of entries) measurement.see(entry);
  return measurement;
}

test("a percentile is a value that occurred, the smallest that enough others do not exceed", () => {
  const values = Float64Array.from({ length: 1000 }, (_, index) => index + 1);
  expect(percentile(values, 0.5)).toBe(500);
  expect(percentile(values, 0.99)).toBe(990);
  expect(percentile(values, 0.999)).toBe(999);
  expect(percentile(values, 1)).toBe(1000);
  expect(percentile([7], 0.5)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

test("a distribution does not depend on the order of its values, and sorts them as numbers", () => {
  expect(distribution([100, 9, 20])).toEqual({ count: 3, p50: 20, p99: 100, p999: 100, max: 100 });
});

test("the median of an even number of values lies between the middle two; a median of 0 is 0", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([10, 9, 100])).toBe(10);
  expect(median([0, 0])).toBe(0);
  expect(median([])).toBeNaN();
});

test("latency is from the last byte of the leader's reply to the first byte of the goals", () => {
  const reply: BytesEntry = { ...bytes("reply", "leader", "00", 1900), firstT: 1200 };
  const goals: BytesEntry = { ...bytes("request", "follower", GOALS, 1960), lastT: 1990 };
  const { latenciesUs, requestsUs } = measure(
    mark(MARKS.begin, 0),
    bytes("request", "leader", READ_POSITIONS, 1000),
    reply,
    goals,
  );
  expect(latenciesUs).toEqual([60]);
  expect(requestsUs).toEqual([1000]);
});

test("what the follower is asked in between is no goal", () => {
  const { latenciesUs } = measure(
    mark(MARKS.begin, 0),
    bytes("request", "leader", READ_POSITIONS, 20),
    bytes("reply", "leader", "00", 100),
    bytes("request", "follower", HEALTH, 130),
    bytes("reply", "follower", "00", 140),
    bytes("request", "follower", GOALS, 150),
  );
  expect(latenciesUs).toEqual([50]);
});

test("what the leader is asked in the slack of a tick is no tick, and its answer no positions", () => {
  const ticks = Array.from({ length: 40 }, (_, tick) => tick * 5000);
  const { requestsUs, latenciesUs } = measure(
    mark(MARKS.begin, 0),
    ...ticks.flatMap((t, tick) => [
      bytes("request", "leader", READ_POSITIONS, t),
      bytes("reply", "leader", "00", t + 1000),
      // Of one tick the goals are missing: what is answered after it must not stand in for its positions.
      ...(tick === 21 ? [] : [bytes("request", "follower", GOALS, t + 1060)]),
      ...[WHOLE_SERVO, TORQUE].flatMap((hex, which) =>
        tick % 20 === which
          ? [bytes("request", "leader", hex, t + 1500), bytes("reply", "leader", "00", t + 2000)]
          : [],
      ),
      ...(tick === 21 ? [bytes("request", "follower", GOALS, t + 2100)] : []),
    ]),
  );
  expect(requestsUs).toEqual(ticks);
  expect(paceOf(requestsUs, 200)).toMatchObject({ reachedHz: 200, skipped: 0, latenessUs: { max: 0 } });
  expect(latenciesUs.toSorted((a, b) => a - b)).toEqual([...new Array(39).fill(60), 1100]);
});

test("a reading of positions with velocities, as after a miss, is a tick", () => {
  const { requestsUs } = measure(
    mark(MARKS.begin, 0),
    bytes("request", "leader", "fffffe0a82380401020304050628", 1000),
  );
  expect(requestsUs).toEqual([1000]);
});

test("a transfer is whatever was sent between the marks, to either arm, answered or not", () => {
  const { transfersPerS } = measure(
    bytes("request", "leader", READ_POSITIONS, 5),
    mark(MARKS.begin, 10_000),
    bytes("request", "leader", READ_POSITIONS, 20_000),
    bytes("reply", "leader", "00", 21_000),
    bytes("request", "follower", GOALS, 21_060),
    bytes("request", "follower", HEALTH, 22_000),
    mark(MARKS.end, 510_000),
    bytes("request", "follower", GOALS, 600_000),
  );
  expect(transfersPerS).toBe(6);
});

test("the first goals are the follower's, also before the marks", () => {
  const entries = [
    bytes("request", "follower", HEALTH, 1),
    bytes("request", "follower", GOALS, 2),
    mark(MARKS.begin, 3),
    bytes("request", "follower", GOALS, 4),
  ];
  expect(measure(...entries).firstGoalUs).toBe(2);
  expect(measure(entries[0]!).firstGoalUs).toBeUndefined();
});

test("a reply without goals, and goals without a reply, make no latency", () => {
  const { latenciesUs } = measure(
    mark(MARKS.begin, 0),
    bytes("request", "follower", GOALS, 50),
    bytes("request", "leader", READ_POSITIONS, 60),
    bytes("reply", "leader", "00", 100),
    bytes("request", "leader", READ_POSITIONS, 5000),
    bytes("reply", "leader", "00", 5100),
    bytes("request", "follower", GOALS, 5140),
    bytes("request", "follower", GOALS, 9999),
  );
  expect(latenciesUs).toEqual([40]);
});

test("nothing outside the marks is measured, nor what began before them", () => {
  const { latenciesUs, requestsUs } = measure(
    bytes("request", "leader", READ_POSITIONS, 10),
    bytes("reply", "leader", "00", 20),
    mark(MARKS.begin, 30),
    bytes("request", "follower", GOALS, 40),
    mark(MARKS.end, 50),
    bytes("request", "leader", READ_POSITIONS, 60),
    bytes("reply", "leader", "00", 70),
    bytes("request", "follower", GOALS, 80),
  );
  expect(latenciesUs).toEqual([]);
  expect(requestsUs).toEqual([]);
});

const grid = (count: number, periodUs: number) =>
  Array.from({ length: count }, (_, tick) => 1_234_567 + tick * periodUs);

test("punctual ticks reach their rate, miss nothing and are not late", () => {
  const pace = paceOf(grid(201, 5000), 200);
  expect(pace.reachedHz).toBeCloseTo(200, 6);
  expect(pace).toMatchObject({ skipped: 0, overruns: 0, slots: 201 });
  expect(pace.latenessUs.max).toBeCloseTo(0, 3);
});

test("a grid whose period is no whole number of µs is kept over minutes", () => {
  const pace = paceOf(grid(20_000, 1e6 / 60), 60);
  expect(pace.skipped).toBe(0);
  expect(pace.latenessUs.max).toBeLessThan(1);
});

test("late ticks are late by the grid, not by the tick before, however late the first one was", () => {
  const times = grid(1000, 2000);
  times[0]! += 700;
  times[500]! += 1500;
  const pace = paceOf(times, 500);
  expect(pace.skipped).toBe(0);
  expect(pace.latenessUs.p50).toBeCloseTo(0, 3);
  expect(pace.latenessUs.max).toBeCloseTo(1500, 3);
});

test("a tick that is earlier than most makes those before it no later", () => {
  const times = grid(360, 1e6 / 60);
  times[200]! -= 150;
  times[0]! -= 150;
  const pace = paceOf(times, 60);
  expect(pace).toMatchObject({ skipped: 0, overruns: 0, slots: 360 });
  expect(pace.latenessUs.max).toBeLessThan(151);
});

test("a tick that came after the next one was due is late and an overrun, but skips no slot", () => {
  const times = grid(1000, 2000);
  times[500]! += 2300;
  times[501]! += 400;
  const pace = paceOf(times, 500);
  expect(pace).toMatchObject({ skipped: 0, overruns: 1 });
  expect(pace.latenessUs.max).toBeCloseTo(2300, 3);
});

test("a tick so late that the loop skips the next slot makes no other tick late", () => {
  const times = grid(801, 5000);
  times[300]! += 4750;
  times[500]! += 4950;
  const pace = paceOf(times.toSpliced(501, 1).toSpliced(301, 1), 200);
  expect(pace).toMatchObject({ skipped: 2, overruns: 2, slots: 801 });
  expect(pace.latenessUs.p50).toBeCloseTo(0, 3);
});

test("a tick that is seen earlier than most takes nobody else's place", () => {
  const times = grid(1000, 2000).map((time, tick) => (tick % 10 === 9 ? time - 80 : time));
  const pace = paceOf(times, 500);
  expect(pace).toMatchObject({ skipped: 0, overruns: 0, slots: 1000 });
  expect(pace.latenessUs.p50).toBeCloseTo(80, 3);
  expect(pace.latenessUs.max).toBeCloseTo(80, 3);
});

test("slots whose ticks never came are skipped", () => {
  const times = grid(1000, 2000).toSpliced(400, 3);
  expect(paceOf(times, 500)).toMatchObject({ skipped: 3, overruns: 3, slots: 1000 });
});

test("growth is the slope of the line through noisy points", () => {
  const points = Array.from({ length: 101 }, (_, x): [number, number] => [x, 5 + 3 * x + (x % 2)]);
  expect(slope(points)).toBeCloseTo(3, 2);
});
