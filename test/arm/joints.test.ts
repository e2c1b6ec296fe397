import { expect, test } from "bun:test";
import {
  type Degrees,
  degreesToSteps,
  idOf,
  JOINT_COUNT,
  JOINTS,
  nameWithId,
  type Steps,
} from "../../src/arm/joints.ts";

test("the joints are LeRobot's, and their servos are numbered along the chain from 1", () => {
  expect(JOINTS.map(idOf)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(JOINT_COUNT).toBe(6);
  expect(nameWithId("wrist_flex")).toBe("wrist_flex (id 4)");
});

test("a turn is 4096 steps", () => {
  expect(degreesToSteps(360)).toBe(4096);
  expect(degreesToSteps(-45)).toBe(-512);
});

test("the compiler takes a plain number for any unit, and no unit for another", () => {
  const steps: Steps = 2048;
  const degrees: Degrees = 180;
  // @ts-expect-error steps are not degrees
  expect(degreesToSteps(steps)).not.toBe(steps);
  expect(degreesToSteps(degrees)).toBe(steps);
});
