import { expect, test } from "bun:test";
import { JointSweep, neededSteps } from "../../../src/arm/calibration/sweep.ts";
import type { JointName } from "../../../src/arm/joints.ts";
import { steps } from "../../../src/feetech/units.ts";

const TICK_US = 10_000;

/** A joint that starts at `from` and is moved to each of the places in turn, read every so many steps. */
function swept(
  from: number,
  places: readonly number[],
  every = 15,
  joint: JointName = "elbow_flex",
): JointSweep {
  const sweep = new JointSweep(joint, steps(from), 0);
  let at = from;
  let nowUs = 0;
  for (const place of places) {
    while (at !== place) {
      at += Math.sign(place - at) * Math.min(every, Math.abs(place - at));
      nowUs += TICK_US;
      sweep.see(steps(((at % 4096) + 4096) % 4096), nowUs);
    }
  }
  return sweep;
}

test("the range is from the lowest to the highest position, in whatever order they were reached", () => {
  expect(swept(2047, [874, 3099, 2000])).toMatchObject({ min: 874, max: 3099, trouble: undefined });
  expect(swept(2047, [3099, 874])).toMatchObject({ min: 874, max: 3099, trouble: undefined });
});

test("a joint that goes to the very ends of the count has not passed the seam", () => {
  expect(swept(2047, [0, 3899])).toMatchObject({ min: 0, max: 3899, trouble: undefined });
  expect(swept(2047, [196, 4095])).toMatchObject({ min: 196, max: 4095, trouble: undefined });
});

test.each([
  ["upwards, by a step", 2047, [1500, 4096]],
  ["downwards, by a step", 2047, [3000, -1]],
  ["and came back", 3600, [4300, 2500]],
  ["and stayed beyond", 300, [-500]],
] as const)("a joint that passed the seam %s is told by its motion", (_, from, places) => {
  expect(swept(from, places).trouble).toBe("passed the seam");
});

test("a joint that was not moved, or not far, is told", () => {
  expect(swept(2047, []).trouble).toBe("too little");
  expect(swept(2047, [2047 + neededSteps("elbow_flex") - 10]).trouble).toBe("too little");
  expect(swept(2047, [2047 + neededSteps("elbow_flex") + 10]).trouble).toBeUndefined();
});

test("a gripper's range is smaller than that of other joints", () => {
  const end = 2047 + Math.ceil(neededSteps("gripper")) + 1;
  expect(swept(2047, [end], 15, "gripper").trouble).toBeUndefined();
  expect(swept(2047, [end]).trouble).toBe("too little");
});

test("a reading that does not fit its neighbours is left out", () => {
  const sweep = swept(2047, [900, 3000]);
  sweep.see(steps(200), 1e7);
  sweep.see(steps(2990), 1e7 + TICK_US);
  expect(sweep).toMatchObject({ min: 900, max: 3000, trouble: undefined });
});

test("a joint that is elsewhere all at once, and stays there, was lost sight of", () => {
  const sweep = swept(2047, [900, 3000]);
  sweep.see(steps(1500), 1e7);
  sweep.see(steps(1490), 1e7 + TICK_US);
  expect(sweep.trouble).toBe("lost sight");
});

test("a joint that could not be read for a while is followed on, where it did not go far meanwhile", () => {
  const sweep = swept(2047, [900, 3000]);
  sweep.see(steps(2300), 1e8);
  sweep.see(steps(3100), 1e8 + TICK_US);
  expect(sweep).toMatchObject({ min: 900, max: 3100, trouble: undefined });
});

test("a joint between two stops that goes nearly all the way round cannot be calibrated so", () => {
  expect(swept(2047, [0, 3900])).toMatchObject({ min: 0, max: 3900, trouble: "too much" });
  expect(swept(2047, [0, 4095])).toMatchObject({ trouble: "too much" });
});
