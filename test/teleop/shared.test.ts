import { expect, test } from "bun:test";
import { JOINT_COUNT } from "../../src/arm/joints.ts";
import { Command, SharedState } from "../../src/teleop/shared.ts";

test("what one side writes the other reads", () => {
  const control = new SharedState();
  const main = new SharedState(control.buffer);
  control.state = "following";
  control.count("ticks", 3);
  control.setJoint(5, "goal", 2210);
  main.request(Command.stop);
  expect(main.state).toBe("following");
  expect(main.counter("ticks")).toBe(3);
  expect(main.joint(5, "goal")).toBe(2210);
  expect(control.command).toBe(Command.stop);
});

test("no figure of any joint shares its place with another", () => {
  const shared = new SharedState();
  const figures = ["leaderPosition", "followerPosition", "goal", "leaderMisses", "followerMisses"] as const;
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    for (const [index, figure] of figures.entries()) shared.setJoint(joint, figure, joint * 100 + index);
  }
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    for (const [index, figure] of figures.entries())
      expect(shared.joint(joint, figure)).toBe(joint * 100 + index);
  }
  expect(shared.counter("ticks")).toBe(0);
  expect(shared.maxLatenessUs).toBe(0);
});

test("a figure that was never read is no number", () => {
  expect(new SharedState().joint(0, "leaderPosition")).toBeNaN();
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
  const waiter = new Worker(new URL("../support/waiter.ts", import.meta.url).href);
  const woken = new Promise<MessageEvent<string>>((resolve) => {
    waiter.onmessage = (event) => (event.data === "waiting" ? shared.request(Command.stop) : resolve(event));
  });
  waiter.postMessage(shared.buffer);
  expect((await woken).data).toBe("woken");
  waiter.terminate();
});
