import { expect, test } from "bun:test";
import { Distances } from "../../../src/workflows/replay/distance.ts";

test("it is told of each joint that was seen, on the average and at most, by the shorter way round", () => {
  const distances = new Distances();
  // 4096 steps are 360°: 128 steps are 11.25°, 64 are 5.625°.
  distances.add([1128, 1000, null, 1000, 4090, 1000], [1000, 1000, 1000, 1000, 6, 1000]);
  distances.add([1064, 1000, null, 1000, 0, 1000], [1000, 1000, 1000, 1000, 6, 1000]);
  const still = { mean: 0, most: 0 };
  expect(distances.joints as readonly unknown[]).toEqual([
    { joint: "shoulder_pan", mean: 8.4, most: 11.3 },
    { joint: "shoulder_lift", ...still },
    { joint: "wrist_flex", ...still },
    { joint: "wrist_roll", mean: 0.8, most: 1.1 },
    { joint: "gripper", ...still },
  ]);
});
