import { beforeEach, expect, test } from "bun:test";
import { SimulatedArm } from "../../../src/sim/arm/arm.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { Host } from "../host.ts";

let arm: SimulatedArm;
let host: Host;
beforeEach(() => {
  arm = new SimulatedArm("follower", 0);
  host = new Host(new SimulatedTransport(arm));
});

test("a sync read is answered in the order asked", () => {
  expect(host.syncRead("model_number", [4, 2, 6]).map(({ id }) => id)).toEqual([4, 2, 6]);
});

test("a sync write reaches each servo with its own value, and gets no reply", () => {
  host.syncWrite("acceleration", [11, 12, 13, 14, 15, 16]);
  expect(host.replies(1)).toEqual([]);
  expect([1, 2, 3, 4, 5, 6].map((id) => host.read(id, "acceleration"))).toEqual([11, 12, 13, 14, 15, 16]);
});

test("a silent servo neither hears nor answers; the others do", () => {
  arm.faultsOf("elbow_flex").silent = true;
  expect(host.syncRead("lock", [2, 3, 4]).map(({ id }) => id)).toEqual([2, 4]);
  host.syncWrite("acceleration", [1, 1, 1]);
  arm.faultsOf("elbow_flex").silent = false;
  expect([1, 2, 3].map((id) => host.read(id, "acceleration"))).toEqual([1, 1, 0]);
});

test("a dropped reply was obeyed all the same", () => {
  arm.faultsOf("gripper").drop = 2;
  expect(host.write(6, "acceleration", 5)).toBeUndefined();
  expect(host.ping(6)).toBeUndefined();
  expect(host.read(6, "acceleration")).toBe(5);
});

test("a corrupted reply has a wrong checksum", () => {
  arm.faultsOf("gripper").corrupt = 1;
  expect(host.ping(6)).toBeUndefined();
  expect(host.ping(6)).toBeDefined();
});

test("power comes to one servo without the others noticing", () => {
  host.write(1, "goal_position", 2048);
  host.write(2, "goal_position", 2048);
  arm.servo("shoulder_pan").powerDown(0);
  arm.servo("shoulder_pan").powerUp(0);
  expect(host.read(1, "torque_enable")).toBe(0);
  expect(host.read(2, "torque_enable")).toBe(1);
});

test("two servos with one id garble each other, whatever is asked of them, and both obey", () => {
  arm.servo("wrist_flex").setValues({ id: 3 });
  expect(host.ping(3)).toBeUndefined();
  expect(host.read(3, "present_position")).toBeUndefined();
  expect(host.syncRead("present_position", [2, 3, 5]).map(({ id }) => id)).toEqual([2, 5]);
  host.write(3, "acceleration", 7);
  for (const joint of ["elbow_flex", "wrist_flex"] as const) {
    expect(arm.servo(joint).values(0).acceleration).toBe(7);
  }
});
