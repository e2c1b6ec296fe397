import { describe, expect, test } from "bun:test";
import { ROUND_TRIP_BUCKETS, RoundTrip, roundTripMs } from "../../src/feetech/round-trip.ts";

const LINE_US = 620;
const CABLE_US = 1_100;

/** A port whose replies took so long, µs. */
function known(...tookUs: readonly number[]): RoundTrip {
  const roundTrip = new RoundTrip();
  for (const us of tookUs) roundTrip.take(us, us, LINE_US);
  return roundTrip;
}

describe("a port is waited for", () => {
  test("no shorter than asked for, before its first reply and on a cable", () => {
    expect(known().patienceUs(LINE_US, 20_000)).toBe(20_000);
    expect(known(...Array(100).fill(CABLE_US)).patienceUs(LINE_US, 20_000)).toBe(20_000);
    expect(known(...Array(100).fill(CABLE_US)).isSlow).toBe(false);
  });

  test("as long as its replies take, and four deviations", () => {
    const steady = known(...Array(200).fill(40_000));
    // A deviation is taken to be 0.25 ms at least: full-speed USB hands over once in 1 ms.
    expect(steady.patienceUs(LINE_US, 20_000)).toBeWithin(41_000, 42_000);
    const from30to50 = Array.from({ length: 400 }, (_, i) => 30_000 + ((i * 7_919) % 20_001));
    expect(known(...from30to50).patienceUs(LINE_US, 20_000)).toBeWithin(50_000, 75_000);
    expect(steady.isSlow).toBe(true);
  });

  test("no longer than it may be", () => {
    const slow = known(...Array(100).fill(90_000));
    slow.waitAtMost(60_000);
    expect(slow.patienceUs(LINE_US, 20_000)).toBe(60_000);
    expect(slow.isWaitedFor).toBe(false);
    expect(slow.patienceUs(LINE_US, 70_000)).toBe(70_000);
  });
});

describe("where nobody looked for a while", () => {
  test("what is expected and not ruled out changes nothing", () => {
    const roundTrip = known(...Array(100).fill(CABLE_US));
    const before = roundTrip.smoothedUs;
    for (let i = 0; i < 100; i++) roundTrip.take(100, 5_000, LINE_US);
    expect(roundTrip.smoothedUs).toBeCloseTo(before, 5);
  });

  test("what is ruled out is learned from", () => {
    const roundTrip = known(...Array(100).fill(CABLE_US));
    for (let i = 0; i < 100; i++) roundTrip.take(3_000, 5_000, LINE_US);
    expect(roundTrip.smoothedUs).toBeWithin(2_300, 2_400);
    for (let i = 0; i < 100; i++) roundTrip.take(0, 900, LINE_US);
    expect(roundTrip.smoothedUs).toBeWithin(270, 300);
  });
});

test("of the last round trips half did not exceed p50, and 99 of 100 not p99", () => {
  const counts = new Uint32Array(ROUND_TRIP_BUCKETS);
  const roundTrip = new RoundTrip(counts);
  expect(roundTripMs(counts, 0.5)).toBeNull();
  for (let i = 1; i <= 100; i++) roundTrip.take(i * 1_000 - 50, i * 1_000 - 50, LINE_US);
  expect([0.5, 0.99].map((share) => roundTripMs(counts, share))).toEqual([50, 99]);
  for (let i = 0; i < 200_000; i++) roundTrip.take(1_050, 1_050, LINE_US);
  expect(roundTrip.percentileMs(0.99)).toBe(1.1);
});
