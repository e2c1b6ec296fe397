import { expect, test } from "bun:test";
import { formatArm, parseArm } from "../../../src/remote/samples/arm.ts";
import { anArm } from "../../support/network-pair.ts";

const arm = anArm("00112233445566ff");
const parse = (content: unknown) => parseArm(Buffer.from(JSON.stringify(content)));

test("what is retained of a leader is read as it was written", () => {
  expect(parseArm(Buffer.from(formatArm(arm)))).toEqual({ is: "arm", arm });
});

test("what is empty was cleared", () => {
  expect(parseArm(Buffer.alloc(0))).toEqual({ is: "cleared" });
});

test("another version is told with its number", () => {
  expect(parse({ v: 2, whatever: true })).toEqual({ is: "other version", version: 2 });
});

const first = arm.joints[0]!;
const withJoint = (joint: unknown) => ({ v: 1, ...arm, joints: [joint, ...arm.joints.slice(1)] });

test.each([
  ["nothing", null],
  ["a list", []],
  ["a version that is none", { v: "1", ...arm }],
  ["an epoch that is none", { v: 1, ...arm, epoch: "00112233445566FF" }],
  ["a normalisation that nobody knows", { v: 1, ...arm, normalisation: "radians" }],
  ["five joints", { v: 1, ...arm, joints: arm.joints.slice(1) }],
  ["a joint of three numbers", withJoint(first.slice(1))],
  ["a number that is none", withJoint([0, 12, "800", 3200])],
  ["a range outside of the turn", withJoint([0, 12, -1, 3200])],
  ["a range upside down", withJoint([0, 12, 3200, 800])],
  ["a range that was never swept", withJoint([0, 12, 0, 4095])],
  ["an offset that no servo takes", withJoint([0, 2048, 800, 3200])],
  ["half a step", withJoint([0, 12.5, 800, 3200])],
  ["a drive mode that is none", withJoint([2, 12, 800, 3200])],
  ["a key too many", { v: 1, ...arm, extra: 1 }],
])("%s is no leader's calibration", (_, content) => {
  expect(parse(content).is).toBe("unfit");
});

test.each([["{"], ["\u0000\u0000"], ["x".repeat(10_000)]])("rubbish is no leader's calibration", (text) => {
  expect(parseArm(Buffer.from(text)).is).toBe("unfit");
});
