import { expect, test } from "bun:test";
import * as v from "valibot";
import { JOINTS } from "../../../src/sim/arm/joints.ts";
import { motionOf, motionSchema } from "../../../src/sim/arm/motion.ts";

const ranges = JOINTS.map((_, i) => ({ min: 700 + 10 * i, max: 3400 - 50 * i }));

test("a wave moves every joint within its range, no faster than a hand", () => {
  const wave = motionOf("wave", ranges)!.motion;
  const dt = 0.01;
  for (const [i, joint] of JOINTS.entries()) {
    let [lowest, highest, fastest] = [Infinity, -Infinity, 0];
    for (let t = 0; t < 60; t += dt) {
      const at = wave(t)[joint]!;
      lowest = Math.min(lowest, at);
      highest = Math.max(highest, at);
      fastest = Math.max(fastest, Math.abs(wave(t + dt)[joint]! - at) / dt);
    }
    expect(lowest).toBeGreaterThanOrEqual(ranges[i]!.min);
    expect(highest).toBeLessThanOrEqual(ranges[i]!.max);
    expect(highest - lowest).toBeGreaterThan(500);
    expect((fastest * 360) / 4096).toBeLessThan(200);
  }
});

test("still is no motion", () => {
  expect(motionOf("still", ranges)).toBeUndefined();
});

const frames = [
  { atS: 0, positions: { shoulder_pan: 1000, gripper: 2000 } },
  { atS: 1, positions: { shoulder_pan: 2000 } },
  { atS: 2, positions: { shoulder_pan: 1000, gripper: 3000 } },
];

test("keyframes are met at their times, joint by joint, and begin anew", () => {
  for (const between of ["linear", "smooth"] as const) {
    const motion = motionOf({ keyframes: frames, between }, ranges)!.motion;
    expect(motion(0)).toEqual({ shoulder_pan: 1000, gripper: 2000 });
    expect(motion(1)).toEqual({ shoulder_pan: 2000, gripper: 2500 });
    expect(motion(2)).toEqual(motion(0));
  }
});

test("between keyframes a motion is a straight line or comes to rest at each", () => {
  const at = (between: "linear" | "smooth", t: number) =>
    motionOf({ keyframes: frames, between }, ranges)!.motion(t).shoulder_pan!;
  expect(at("linear", 0.1)).toBeCloseTo(1100);
  expect(at("smooth", 0.01) - 1000).toBeLessThan(1);
  expect(at("smooth", 0.5)).toBeCloseTo(1500);
});

test("keyframes out of order, of unknown joints or without end are refused", () => {
  const accepts = (keyframes: unknown) => v.is(motionSchema, { keyframes });
  expect(accepts(frames)).toBe(true);
  expect(accepts([])).toBe(false);
  expect(accepts([frames[1], frames[0]])).toBe(false);
  expect(accepts([{ atS: 0, positions: { elbow: 1 } }])).toBe(false);
  expect(accepts([{ atS: 0, positions: { gripper: 1e6 } }])).toBe(false);
});

test("a hand that calibrates goes from the middle to both ends of the mechanical range and back, but for wrist_roll", () => {
  const { motion, of } = motionOf("sweep", ranges)!;
  expect(of).toBe("mechanical range");
  const shares = Array.from({ length: 700 }, (_, i) => motion(i / 100));
  expect(Object.keys(shares[0]!)).toEqual(JOINTS.filter((joint) => joint !== "wrist_roll"));
  const elbow = shares.map(({ elbow_flex }) => elbow_flex!);
  expect([elbow[0], Math.min(...elbow), Math.max(...elbow), elbow.at(-1)]).toEqual([0.5, 0, 1, 0.5]);
  expect(motionOf("middle", ranges)!.motion(9)).toEqual(
    Object.fromEntries(JOINTS.map((joint) => [joint, 0.5])),
  );
});
