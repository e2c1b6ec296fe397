/** Whether a person moves the leader. */
import { expect, test } from "bun:test";
import { LeaderMotion, type LeaderMotionState } from "../../../src/teleop/driving/leader-motion.ts";

const DEG = 4096 / 360;
const EVERY_S = 0.02;

/** The states that a motion of one joint leads to, in their order, and when each began. `degAt` is where it is, in degrees. */
function seen(degAt: (s: number) => number, untilS: number, { from = 2048, joint = 0 } = {}) {
  const motion = new LeaderMotion();
  const states: { state: LeaderMotionState; atS: number }[] = [];
  for (let s = 0; s < untilS; s += EVERY_S) {
    const positions = [2048, 2048, 2048, 2048, 2048, 2048];
    positions[joint] = (((from + Math.round(degAt(s) * DEG)) % 4096) + 4096) % 4096;
    motion.see(s * 1e6, positions);
    const state = motion.stateAt(s * 1e6);
    if (states.at(-1)?.state !== state) states.push({ state, atS: s });
  }
  return states;
}

const ramp = (degPerS: number, fromS: number, toS: number) => (s: number) =>
  degPerS * (Math.min(Math.max(s, fromS), toS) - fromS);
const statesOf = (found: ReturnType<typeof seen>) => found.map(({ state }) => state);

test("10° within a second are a motion; once it has lasted a second somebody has it in hand", () => {
  const found = seen(ramp(40, 1, 4), 5);
  expect(statesOf(found)).toEqual(["still", "moving", "lasting", "still"]);
  expect(found[1]!.atS).toBeCloseTo(1.26, 1);
  expect(found[2]!.atS).toBeCloseTo(2, 1);
  expect(found[3]!.atS).toBeCloseTo(4.3, 1);
});

test("a bump is over when it rests, however far it went", () => {
  expect(statesOf(seen(ramp(150, 1, 1.2), 5))).toEqual(["still", "moving", "still"]);
});

test("a bump of one that has crept for long is a bump", () => {
  const creepsAndIsBumped = (s: number) => ramp(5, 1, 4)(s) + ramp(120, 4, 4.1)(s);
  expect(statesOf(seen(creepsAndIsBumped, 6))).toEqual(["still", "moving", "still"]);
});

test("one bump after the other is none that lasts", () => {
  const bumps = (s: number) => (s % 1 < 0.2 ? 15 * (s % 1) * 5 : 15 - 15 * Math.min((s % 1) - 0.2, 0.2) * 5);
  expect(statesOf(seen(bumps, 6))).not.toContain("lasting");
});

test.each([
  ["9° in a second", ramp(9, 1, 2)],
  ["8° a second for long", ramp(8, 1, 8)],
  ["noise", (s: number) => (Math.round(s * 50) % 2) * 2],
  ["9° to and fro for long", (s: number) => 4.4 * Math.sin(s * 8)],
])("%s is no motion", (_what, degAt) => {
  expect(statesOf(seen(degAt, 10))).toEqual(["still"]);
});

test("a joint that turns across the seam of its turn is moved no further than it is turned", () => {
  expect(statesOf(seen(ramp(5, 1, 9), 10, { from: 4090, joint: 4 }))).toEqual(["still"]);
  expect(statesOf(seen(ramp(40, 1, 4), 5, { from: 4090, joint: 4 }))).toContain("lasting");
});

test("a reading that is damaged is no motion", () => {
  expect(statesOf(seen((s) => (Math.abs(s - 3) < 0.011 ? 90 : 0), 6))).toEqual(["still"]);
});

test("a joint that has never answered before is not moved when it does", () => {
  const motion = new LeaderMotion();
  for (let ms = 0; ms < 2_000; ms += 20) {
    motion.see(ms * 1e3, [2048, 2048, ms < 1_000 ? -1 : 1000, 2048, 2048, 2048]);
    expect(motion.stateAt(ms * 1e3)).toBe("still");
  }
});

test("where it was not read for long, what was before says nothing", () => {
  const motion = new LeaderMotion();
  const positions = (deg: number) => Array.from({ length: 6 }, () => 2048 + Math.round(deg * DEG));
  motion.see(0, positions(0));
  motion.see(500_000, positions(30));
  expect(motion.stateAt(500_000)).toBe("still");
});
