/** What `make links-network` and `make bench-network` make of a record: whose reading a goal is, and how long it took. */
import { describe, expect, test } from "bun:test";
import { missed } from "../../scripts/links-network/bars.ts";
import { cutFigures, followingFigures, statesIn } from "../../scripts/links-network/figures.ts";
import { goalsOf, match, Readings } from "../../scripts/links-network/matching.ts";
import type { RunFigures } from "../../scripts/links-network/run.ts";
import { BROADCAST_ID, encodePacket, Instruction } from "../../src/feetech/packet.ts";
import { registers } from "../../src/feetech/registers.ts";
import { JOINTS } from "../../src/sim/arm/joints.ts";
import type { BytesEntry } from "../../src/sim/record/entries.ts";

const bytes = (steps: number) => [steps & 0xff, steps >> 8];

function packet(id: number, instruction: number, params: readonly number[]): Uint8Array {
  const into = new Uint8Array(params.length + 6);
  encodePacket(into, id, instruction, params);
  return into;
}

function entry(arm: "leader" | "follower", kind: "request" | "reply", t: number, hex: string): BytesEntry {
  return { arm, kind, hex, t, firstT: t, lastT: t };
}

/** All joints of the leader at this step, whose last byte came at `t`. */
function reading(t: number, steps: number): BytesEntry[] {
  const ids = JOINTS.map((_, index) => index + 1);
  const asked = packet(BROADCAST_ID, Instruction.syncRead, [registers.present_position.address, 2, ...ids]);
  const replies = ids.map((id) => packet(id, 0, bytes(steps)).toHex()).join("");
  return [entry("leader", "request", t - 500, asked.toHex()), entry("leader", "reply", t, replies)];
}

function goals(t: number, steps: number): BytesEntry {
  const each = JOINTS.flatMap((_, index) => [index + 1, ...bytes(steps)]);
  const written = packet(BROADCAST_ID, Instruction.syncWrite, [registers.goal_position.address, 2, ...each]);
  return entry("follower", "request", t, written.toHex());
}

/** The follower belongs 100 steps above the leader. */
const targets = JOINTS.map(() => Float64Array.from({ length: 4096 }, (_, raw) => raw + 100));

function matched(entries: readonly BytesEntry[]): [readAtUs: number, goalAtUs: number][] {
  const readings = new Readings(targets);
  for (const each of entries) readings.see(each);
  const given = entries.flatMap((each) => goalsOf(each) ?? []);
  return match(readings.all, given).map(({ readAtUs, goalAtUs }) => [readAtUs, goalAtUs]);
}

describe("goals", () => {
  test("belong to the reading that they were made of, whatever was read meanwhile", () => {
    const entries = [...reading(1_000, 2000), ...reading(6_000, 2010), ...reading(11_000, 2020)];
    expect(matched([...entries, goals(12_000, 2110), goals(13_000, 2120)])).toEqual([
      [6_000, 12_000],
      [11_000, 13_000],
    ]);
  });

  test("that are repeated, and those that no reading has led to, are none", () => {
    const given = [goals(2_000, 2100), goals(3_000, 2100), goals(4_000, 2105)];
    expect(matched([...reading(1_000, 2000), ...given])).toEqual([[1_000, 2_000]]);
  });

  test("of a pose that was taken twice belong to the earlier one that is not past", () => {
    const entries = [...reading(1_000, 2000), ...reading(6_000, 2010), ...reading(11_000, 2000)];
    expect(matched([...entries, goals(12_000, 2110), goals(13_000, 2100)])).toEqual([
      [6_000, 12_000],
      [11_000, 13_000],
    ]);
  });
});

const STATES = statesIn(
  (
    [
      ["following", 0],
      ["holding", 4_000_000],
      ["aligning", 4_500_000],
      ["following", 5_000_000],
      ["holding", 20_250_000],
      ["aligning", 31_500_000],
      ["following", 32_000_000],
    ] as const
  ).map(([to, atUs]) => ({ event: "state", to, atUs })),
);
/** Each goal 30 ms after its reading, but the slowest 40 ms. */
const FOLLOWED = [
  ...Array.from({ length: 100 }, (_, i) => ({ readAtUs: i * 5_000, goalAtUs: i * 5_000 + 30_000 })),
  { readAtUs: 19_960_000, goalAtUs: 20_000_000 },
];

test("a span is told in delays, gaps, holds and the share in which it followed", () => {
  const figures = followingFigures(FOLLOWED, STATES, { fromUs: 30_000, toUs: 10_030_000 });
  expect(figures.delayMs).toMatchObject({ count: 100, p50: 30, max: 30 });
  expect(figures.beyondLeastMs.max).toBe(0);
  expect(figures.holds).toEqual({ count: 1, longestMs: 500 });
  expect(figures.followed).toBeCloseTo(0.9);
  expect(figures.gaps).toEqual({ over50: 1, over100: 1, longestMs: 9_505 });
  expect(figures.samplesPerS).toBe(10);
});

test("a cut is told from the last goals before it, and from the link's return", () => {
  const span = { fromUs: 20_010_000, toUs: 31_000_000 };
  expect(cutFigures(FOLLOWED, STATES, span)).toEqual({ holdingMs: 250, aligningS: 0.5, followingS: 1 });
  expect(cutFigures(FOLLOWED, STATES.slice(0, 4), span)).toEqual({});
});

test("what was missed is named, and what never came is missed", () => {
  const good: RunFigures = {
    ...{ profile: "clean Wi-Fi", congestionControl: "cubic", violations: [], troubles: [], told: [] },
    following: followingFigures(FOLLOWED.slice(0, 100), STATES.slice(0, 1), { fromUs: 0, toUs: 600_000 }),
    cut: { holdingMs: 250, aligningS: 0.5, followingS: 1 },
    clients: {} as RunFigures["clients"],
  };
  expect(missed({ ...good, profile: "Internet" })).toEqual([]);
  expect(missed(good)).toEqual(["clean Wi-Fi: delay p99: 30 ms, must be at most 10 ms"]);
  expect(missed({ ...good, profile: "Internet", cut: { holdingMs: 261 } })).toEqual([
    "Internet: aligning after the link's return: never, must be at most 5 s",
    "Internet: holding after the last sample: 261 ms, must be at most 260 ms",
  ]);
});
