import { expect, test } from "bun:test";
import { JOINTS, ROLES } from "../../../src/arm/joints.ts";
import { createMemory, openMemory } from "../../../src/teleop/shared/control-memory.ts";

test("what the control thread publishes the main thread reads", () => {
  const main = createMemory();
  const control = openMemory(main.buffer);
  control.telemetry.count("ticks", 3);
  control.telemetry.setJoint("follower", 5, "goal", 2210);
  control.telemetry.beat();
  expect(main.telemetry.counter("ticks")).toBe(3);
  expect(main.telemetry.joint("follower", 5, "goal")).toBe(2210);
  expect(main.telemetry.heartbeat).toBe(1);
});

test("a figure of all joints is set at once, and of no other arm or figure", () => {
  const { telemetry } = createMemory();
  telemetry.forgetAll();
  telemetry.setJoints("follower", "goal", Int32Array.of(10, 20, 30, 40, 50, 60));
  const goals = JOINTS.map((_, joint) => telemetry.joint("follower", joint, "goal"));
  expect(goals).toEqual([10, 20, 30, 40, 50, 60]);
  for (const [joint] of JOINTS.entries()) {
    expect(telemetry.joint("leader", joint, "goal")).toBeNaN();
    expect(telemetry.joint("follower", joint, "position")).toBeNaN();
    expect(telemetry.joint("follower", joint, "torque")).toBeNaN();
  }
});

test("no figure of any joint shares its place with another", () => {
  const { telemetry, lateness } = createMemory();
  const figures = ["position", "goal", "velocity", "load", "current", "voltage", "misses"] as const;
  const places = ROLES.flatMap((role) =>
    figures.flatMap((figure) => JOINTS.map((_, joint) => ({ role, figure, joint }))),
  );
  for (const [value, { role, joint, figure }] of places.entries())
    telemetry.setJoint(role, joint, figure, value);
  for (const [value, role] of ROLES.entries()) telemetry.setBus(role, "noiseBytes", 1000 + value);
  for (const [value, { role, joint, figure }] of places.entries())
    expect(telemetry.joint(role, joint, figure)).toBe(value);
  for (const [value, role] of ROLES.entries()) expect(telemetry.bus(role, "noiseBytes")).toBe(1000 + value);
  expect(telemetry.bus("leader", "retries")).toBe(0);
  expect(telemetry.counter("ticks")).toBe(0);
  expect(lateness.maxUs).toBe(0);
});

test("of an arm that is gone nothing is known but what it has missed", () => {
  const { telemetry } = createMemory();
  for (const role of ROLES) {
    telemetry.setJoint(role, 2, "position", 7);
    telemetry.setJoint(role, 2, "misses", 3);
  }
  telemetry.forgetArm("leader");
  expect(telemetry.joint("leader", 2, "position")).toBeNaN();
  expect(telemetry.joint("leader", 2, "misses")).toBe(3);
  expect(telemetry.joint("follower", 2, "position")).toBe(7);
});

test("a figure that was never read is no number", () => {
  expect(createMemory().telemetry.joint("leader", 0, "position")).toBeNaN();
});

test("lateness is known by its percentiles and its maximum, also beyond the last bucket", () => {
  const { lateness } = createMemory();
  for (let us = 1; us <= 100; us++) lateness.count(us);
  lateness.count(-3);
  expect(lateness.percentileUs(0.5)).toBeWithin(45, 56);
  expect(lateness.percentileUs(1)).toBe(100);
  lateness.count(123_456);
  expect(lateness.maxUs).toBe(123_456);
  expect(lateness.percentileUs(1)).toBeGreaterThan(9_000);
});
