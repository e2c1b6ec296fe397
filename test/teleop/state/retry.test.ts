import { describe, expect, test } from "bun:test";
import { RetryPauses } from "../../../src/teleop/state/retry.ts";

const S = 1e6;

/** Connects and fails again and again, each time so long after it has connected; the pauses, ms. */
function pausesOf(retry: RetryPauses, failures: number, afterS = 0.05, node = "a", fromS = 0): number[] {
  let nowUs = fromS * S;
  return Array.from({ length: failures }, () => {
    retry.connects(nowUs, node);
    nowUs += afterS * S;
    retry.failed(nowUs);
    const pause = retry.pauseMs(nowUs);
    nowUs += pause * 1e3;
    return Math.round(pause);
  });
}

describe("what fails within 2 s of connecting", () => {
  test("is tried again after pauses that grow up to 5 s", () => {
    expect(pausesOf(new RetryPauses(), 8)).toEqual([100, 200, 500, 1000, 2000, 5000, 5000, 5000]);
  });

  test("is tried again after what is left of its pause", () => {
    const retry = new RetryPauses();
    pausesOf(retry, 3);
    retry.connects(100 * S, "a");
    retry.failed(100.5 * S);
    expect([100.5, 101, 101.5, 200].map((s) => retry.pauseMs(s * S))).toEqual([1000, 500, 0, 0]);
  });
});

test("what fails later has no pause, nor does it lengthen one", () => {
  expect(pausesOf(new RetryPauses(), 5, 2.1)).toEqual([0, 0, 0, 0, 0]);
  const retry = new RetryPauses();
  pausesOf(retry, 3);
  expect(pausesOf(retry, 2, 3, "a", 50)).toEqual([500, 500]);
});

test("ten seconds of health end it", () => {
  const retry = new RetryPauses();
  pausesOf(retry, 6);
  expect(pausesOf(retry, 1, 9.9, "a", 50)).toEqual([5000]);
  expect(pausesOf(retry, 1, 10, "a", 100)).toEqual([0]);
  expect(pausesOf(retry, 2, 0.1, "a", 200)).toEqual([100, 200]);
});

test("a node that appears anew ends it at once", () => {
  const retry = new RetryPauses();
  pausesOf(retry, 6);
  const nowUs = 20 * S;
  retry.appears(nowUs, "b");
  expect(retry.pauseMs(nowUs)).toBe(0);
  expect(pausesOf(retry, 2, 0.1, "b", 2)).toEqual([100, 200]);
});

test("a node that comes and goes is the same trouble each time, and a new one when it had stayed", () => {
  const retry = new RetryPauses();
  let nowS = 0;
  const pauses = ["b", "c", "d", "e", "f", "g", "h"].map((node) => {
    retry.connects(nowS * S, node);
    nowS += 0.3;
    retry.failed(nowS * S);
    const pauseMs = retry.pauseMs(nowS * S);
    nowS += pauseMs / 1e3;
    return pauseMs;
  });
  expect(pauses).toEqual([100, 200, 500, 1000, 2000, 5000, 5000]);
  retry.connects(nowS * S, "i");
  retry.failed((nowS + 3) * S);
  retry.appears((nowS + 4) * S, "j");
  expect(retry.pauseMs((nowS + 4) * S)).toBe(0);
});
