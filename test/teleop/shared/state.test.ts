import { expect, test } from "bun:test";
import { JOINTS, ROLES } from "../../../src/arm/joints.ts";
import { Command, SharedState } from "../../../src/teleop/shared/state.ts";

test("what one side writes the other reads", () => {
  const control = new SharedState();
  const main = new SharedState(control.buffer);
  control.state = "following";
  control.count("ticks", 3);
  control.setJoint("follower", 5, "goal", 2210);
  main.requestEnd("stop");
  expect(main.state).toBe("following");
  expect(main.counter("ticks")).toBe(3);
  expect(main.joint("follower", 5, "goal")).toBe(2210);
  expect(control.command).toBe(Command.stop);
});

test("no figure of any joint shares its place with another", () => {
  const shared = new SharedState();
  const figures = ["position", "goal", "velocity", "load", "current", "voltage", "misses"] as const;
  const places = ROLES.flatMap((role) =>
    figures.flatMap((figure) => JOINTS.map((_, joint) => ({ role, figure, joint }))),
  );
  for (const [value, { role, joint, figure }] of places.entries())
    shared.setJoint(role, joint, figure, value);
  for (const [value, role] of ROLES.entries()) shared.setBus(role, "noiseBytes", 1000 + value);
  for (const [value, { role, joint, figure }] of places.entries())
    expect(shared.joint(role, joint, figure)).toBe(value);
  for (const [value, role] of ROLES.entries()) expect(shared.bus(role, "noiseBytes")).toBe(1000 + value);
  expect(shared.bus("leader", "retries")).toBe(0);
  expect(shared.counter("ticks")).toBe(0);
  expect(shared.maxLatenessUs).toBe(0);
});

test("of an arm that is gone nothing is known but what it has missed", () => {
  const shared = new SharedState();
  for (const role of ROLES) {
    shared.setJoint(role, 2, "position", 7);
    shared.setJoint(role, 2, "misses", 3);
  }
  shared.forgetArm("leader");
  expect(shared.joint("leader", 2, "position")).toBeNaN();
  expect(shared.joint("leader", 2, "misses")).toBe(3);
  expect(shared.joint("follower", 2, "position")).toBe(7);
});

test("a look is asked for by a mode or by settings, and a stop is stronger", () => {
  const control = new SharedState();
  const main = new SharedState(control.buffer);
  expect(control.takeSettings()).toBeUndefined();
  main.mode = "paused";
  expect(control.command).toBe(Command.attention);
  control.attend();
  expect([control.command, control.mode]).toEqual([Command.none, "paused"]);
  main.sendSettings({ rateHz: 100, name: "ä" });
  main.requestEnd("stop");
  main.mode = "running";
  control.attend();
  expect(control.isStopping).toBe(true);
  expect(control.takeSettings()).toEqual({ rateHz: 100, name: "ä" });
  expect(control.takeSettings()).toBeUndefined();
});

test("a figure that was never read is no number", () => {
  expect(new SharedState().joint("leader", 0, "position")).toBeNaN();
});

test("lateness is known by its percentiles and its maximum, also beyond the last bucket", () => {
  const shared = new SharedState();
  for (let us = 1; us <= 100; us++) shared.countLateness(us);
  shared.countLateness(-3);
  expect(shared.latenessPercentileUs(0.5)).toBeWithin(45, 56);
  expect(shared.latenessPercentileUs(1)).toBe(100);
  shared.countLateness(123_456);
  expect(shared.maxLatenessUs).toBe(123_456);
  expect(shared.latenessPercentileUs(1)).toBeGreaterThan(9_000);
});

test("a request wakes the side that waits", async () => {
  const shared = new SharedState();
  const waiter = new Worker(new URL("../../support/waiter.ts", import.meta.url).href);
  const woken = new Promise<MessageEvent<string>>((resolve) => {
    waiter.onmessage = (event) => (event.data === "waiting" ? shared.requestEnd("stop") : resolve(event));
  });
  waiter.postMessage(shared.buffer);
  expect((await woken).data).toBe("woken");
  waiter.terminate();
});
