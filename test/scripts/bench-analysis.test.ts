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
import type { BytesEntry, MarkEntry, RecordEntry } from "../../src/sim/record.ts";

const READ_POSITIONS = "fffffe0a8238020102030405062a";
const GOALS = "fffffe16832a02010008020008030008040008050008060008e6";
const HEALTH = "ffff010402281fb1";

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
    bytes("reply", "leader", "00", 100),
    bytes("request", "follower", HEALTH, 130),
    bytes("reply", "follower", "00", 140),
    bytes("request", "follower", GOALS, 150),
  );
  expect(latenciesUs).toEqual([50]);
});

test("a reply without goals, and goals without a reply, make no latency", () => {
  const { latenciesUs } = measure(
    mark(MARKS.begin, 0),
    bytes("request", "follower", GOALS, 50),
    bytes("reply", "leader", "00", 100),
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
  expect(pace).toMatchObject({ missedTicks: 0, dueTicks: 201 });
  expect(pace.latenessUs.max).toBeCloseTo(0, 3);
});

test("a grid whose period is no whole number of µs is kept over minutes", () => {
  const pace = paceOf(grid(20_000, 1e6 / 60), 60);
  expect(pace.missedTicks).toBe(0);
  expect(pace.latenessUs.max).toBeLessThan(1);
});

test("late ticks are late by the grid, not by the tick before, however late the first one was", () => {
  const times = grid(1000, 2000);
  times[0]! += 700;
  times[500]! += 1500;
  const pace = paceOf(times, 500);
  expect(pace.missedTicks).toBe(0);
  expect(pace.latenessUs.p50).toBeCloseTo(0, 3);
  expect(pace.latenessUs.max).toBeCloseTo(1500, 3);
});

test("a tick that came after the next one was due is late, not missed", () => {
  const times = grid(1000, 2000);
  times[500]! += 2300;
  times[501]! += 400;
  const pace = paceOf(times, 500);
  expect(pace.missedTicks).toBe(0);
  expect(pace.latenessUs.max).toBeCloseTo(2300, 3);
});

test("a tick that is seen earlier than most takes nobody else's place", () => {
  const times = grid(1000, 2000).map((time, tick) => (tick % 10 === 9 ? time - 80 : time));
  const pace = paceOf(times, 500);
  expect(pace).toMatchObject({ missedTicks: 0, dueTicks: 1000 });
  expect(pace.latenessUs.p50).toBeCloseTo(80, 3);
  expect(pace.latenessUs.max).toBeCloseTo(80, 3);
});

test("ticks that never came are missed", () => {
  const times = grid(1000, 2000).toSpliced(400, 3);
  expect(paceOf(times, 500)).toMatchObject({ missedTicks: 3, dueTicks: 1000 });
});

test("growth is the slope of the line through noisy points", () => {
  const points = Array.from({ length: 101 }, (_, x): [number, number] => [x, 5 + 3 * x + (x % 2)]);
  expect(slope(points)).toBeCloseTo(3, 2);
});
