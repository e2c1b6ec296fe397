import { expect, test } from "bun:test";
import type { PairArms } from "../../src/api/protocol.ts";
import { PairPositions } from "../../src/lerobot/positions.ts";

const joint = (min: number, max: number): [number, number, number, number] => [0, 0, min, max];
const joints: NonNullable<PairArms["leader"]["joints"]> = [
  joint(1000, 3000),
  joint(1000, 3000),
  joint(1000, 3000),
  joint(1000, 3000),
  joint(0, 4095),
  joint(2000, 3000),
];
const arms = (normalisation: "range" | "degrees"): PairArms => ({
  normalisation,
  rateHz: 200,
  leader: { id: "leader", joints },
  follower: { id: "follower", joints },
});

test("positions are percent of the range, the gripper's from 0, and come back as the same steps", () => {
  const positions = new PairPositions(arms("range"));
  const steps = [1000, 3000, 2000, 1500, 0, 2250];
  expect(positions.ofFollower(steps)).toEqual([-100, 100, 0, -50, -100, 25]);
  expect(positions.toFollower([-100, 100, 0, -50, -100, 25])).toEqual(steps);
});

test("positions in degrees are those from the middle of the range", () => {
  const positions = new PairPositions(arms("degrees"));
  expect(positions.units).toBe("degrees");
  // A turn is 4095 steps there: 91 steps are 8 degrees.
  expect(positions.ofLeader([2091, 2000, 1909, 2000, 2047.5, 3000])).toEqual([8, 0, -8, 0, 0, 100]);
  expect(positions.toFollower([8, 0, -8, 0, 0, 100])).toEqual([2091, 2000, 1909, 2000, 2047, 3000]);
});

test("whatever a policy asks for, steps are within a turn, and what can be no position is none", () => {
  const positions = new PairPositions(arms("degrees"));
  expect(positions.toFollower([300, -300, 0, 0, 360, 0])).toEqual([4095, 0, 2000, 2000, 4095, 2000]);
  for (const wrong of [360.1, -1e9, 1e308, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(positions.toFollower([wrong, 0, 0, 0, 0, 0])).toBeNull();
  }
  expect(positions.toFollower([0, 0, 0, 0, 0])).toBeNull();
});

test("nothing is known of an arm without its calibration, nor of one that was not read", () => {
  const positions = new PairPositions({ ...arms("range"), leader: { id: "leader", joints: null } });
  expect(positions.ofLeader([2000, 2000, 2000, 2000, 2000, 2000])).toBeNull();
  expect(positions.ofFollower([2000, 2000, null, 2000, 2000, 2000])).toBeNull();
});
