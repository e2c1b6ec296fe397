import { expect, test } from "bun:test";
import { JOINT_COUNT } from "../../../src/arm/joints.ts";
import { EpisodePath } from "../../../src/workflows/replay/path.ts";

/** All joints of a frame are at the same position but the fifth, which may turn. */
const commands = (...frames: (readonly [number, number])[]) => ({
  positions: Int16Array.from(frames.flatMap(([at, roll]) => [at, at, at, at, roll, at])),
  frames: frames.length,
  unreachable: [],
});

const poseOf = (path: EpisodePath, point: number) => {
  const pose = new Int16Array(JOINT_COUNT);
  path.pose(point, pose);
  return [...pose];
};

test("each frame has a point of its own, at its time, with its pose as it is", () => {
  const path = new EpisodePath(commands([1000, 0], [1070, 0], [1000, 0]), 30, 200);
  // 200 goals a second in 1/30 s are 6.7: seven points a frame.
  expect(path.points).toBe(15);
  expect(path.periodUs).toBeCloseTo(1e6 / 210, 6);
  expect(path.durationUs).toBeCloseTo(2e6 / 30, 6);
  expect([0, 7, 14].map((point) => poseOf(path, point)[0])).toEqual([1000, 1070, 1000]);
  expect([0, 6, 7, 14].map((point) => path.frameAt(point))).toEqual([0, 0, 1, 2]);
});

test("between two frames it goes straight", () => {
  const path = new EpisodePath(commands([1000, 0], [1070, 0]), 30, 200);
  expect([1, 2, 3, 4, 5, 6].map((point) => poseOf(path, point)[0])).toEqual([
    1010, 1020, 1030, 1040, 1050, 1060,
  ]);
});

test("a joint that crosses the seam of its turn is not led through the whole turn, but jumps when its frame is due", () => {
  const path = new EpisodePath(commands([1000, 4090], [1002, 5]), 100, 200);
  expect(poseOf(path, 1)).toEqual([1001, 1001, 1001, 1001, 4090, 1001]);
  expect(poseOf(path, 2)).toEqual([1002, 1002, 1002, 1002, 5, 1002]);
});

test("what is due is the newest point, however late it is asked for", () => {
  const path = new EpisodePath(commands([1000, 0], [1070, 0], [1140, 0]), 50, 200);
  expect(path.periodUs).toBe(5_000);
  expect([-1, 0, 4_999, 5_000, 39_999, 40_000, 1e9].map((us) => path.pointAt(us))).toEqual([
    0, 0, 0, 1, 7, 8, 8,
  ]);
});

test("frames that come faster than goals are sent one by one, and an episode of one frame has one point", () => {
  expect(new EpisodePath(commands([1, 1], [2, 2], [3, 3]), 500, 200).points).toBe(3);
  const one = new EpisodePath(commands([1500, 7]), 30, 200);
  expect([one.points, one.durationUs]).toEqual([1, 0]);
  expect(poseOf(one, 0)).toEqual([1500, 1500, 1500, 1500, 7, 1500]);
});
