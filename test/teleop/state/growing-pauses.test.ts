import { describe, expect, test } from "bun:test";
import { GrowingPauses } from "../../../src/teleop/state/growing-pauses.ts";

const S = 1e6;

/** Happens as soon as it may, so many times; the pauses, ms. */
function pausesOf(pauses: GrowingPauses, times: number, fromS = 0): number[] {
  let nowUs = fromS * S;
  return Array.from({ length: times }, () => {
    expect(pauses.isOver(nowUs)).toBe(true);
    pauses.begin(nowUs);
    const leftMs = pauses.leftMs(nowUs);
    expect(pauses.isOver(nowUs)).toBe(leftMs === 0);
    nowUs += leftMs * 1e3;
    return leftMs;
  });
}

describe("what happens again and again", () => {
  test("has pauses that grow up to 5 s", () => {
    expect(pausesOf(new GrowingPauses(), 8)).toEqual([100, 200, 500, 1000, 2000, 5000, 5000, 5000]);
  });

  test("comes freely so many times first, where that is wanted", () => {
    expect(pausesOf(new GrowingPauses(3), 5)).toEqual([0, 0, 100, 200, 500]);
  });

  test("and has rested for ten seconds is as new", () => {
    const pauses = new GrowingPauses();
    pausesOf(pauses, 8);
    expect(pausesOf(pauses, 2, 60)).toEqual([100, 200]);
    expect(pausesOf(pauses, 1, 69.9)).toEqual([500]);
  });
});
