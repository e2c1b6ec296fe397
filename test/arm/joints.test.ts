import { expect, test } from "bun:test";
import { idOf, JOINT_COUNT, JOINTS, nameWithId } from "../../src/arm/joints.ts";

test("the joints are LeRobot's, and their servos are numbered along the chain from 1", () => {
  expect(JOINTS.map(idOf)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(JOINT_COUNT).toBe(6);
  expect(nameWithId("wrist_flex")).toBe("wrist_flex (id 4)");
});
