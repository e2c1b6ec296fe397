import { expect, test } from "bun:test";
import type { Status } from "../../src/api/protocol.ts";
import { checkServedArms } from "../../src/workflows/check.ts";
import { aStatus, drivenByDesk, leaderOnly } from "../support/status.ts";

/** How the doctor judges a served follower whose joint reports an overload with its torque on. */
function levelWith(joint: "gripper" | "elbow_flex"): string {
  const { joints } = aStatus.arms.follower;
  const reporting = { ...joints[joint], errors: ["overload"], torqueOn: true };
  const follower = { ...aStatus.arms.follower, joints: { ...joints, [joint]: reporting } };
  const checks = checkServedArms({ ...aStatus, arms: { ...aStatus.arms, follower } } as Status);
  return checks[1]!.level;
}

test("a servo that reports an overload is a warning, but for a gripper that holds something", () => {
  expect(levelWith("elbow_flex")).toBe("warning");
  expect(levelWith("gripper")).toBe("ok");
});

test("an arm that is on another machine is not judged here", () => {
  expect(checkServedArms(aStatus)).toHaveLength(2);
  expect(checkServedArms(drivenByDesk).map(({ area }) => area)).toEqual(['follower "red"']);
  expect(checkServedArms(leaderOnly).map(({ area }) => area)).toEqual(['leader "blue"']);
});
