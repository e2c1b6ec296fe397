/** How a follower's drive moves the goals: no further in a tick than it may, and never out of the range. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { JOINTS } from "../../../src/arm/joints.ts";
import { FAST, follower, following, goalsIn, limits, SLOW } from "./followers.ts";

describe("moving", () => {
  const farTargets = Int32Array.of(4000, 0, 2000, 2510, 3000, 100);

  test("a joint approaches at the aligning speed until its goal has met its target, then follows faster", () => {
    const { drive, transport } = follower();
    drive.switchTorqueOn();
    const before = Array.from(drive.goals);
    for (let tick = 0; tick < 200; tick++) drive.step(farTargets);
    // 45 °/s are 512 steps in the second that 200 ticks take.
    expect(drive.goals[0]! - before[0]!).toBe(512);
    expect(drive.goals[1]! - before[1]!).toBe(-512);
    expect(drive.goals[3]).toBe(2510);
    drive.step(Int32Array.of(4000, 0, 2000, 2000, 3000, 100));
    expect(2510 - drive.goals[3]!).toBeWithin(20, 22);
    expect(goalsIn(transport.sent.at(-1)!)).toEqual(Array.from(drive.goals));
  });

  test("says when every goal has met its target, and exactly there each goal is its target", () => {
    const { drive } = follower();
    drive.switchTorqueOn();
    const targets = Int32Array.of(1010, 1490, 2005, 2500, 3001, 3490);
    const steps = Array.from({ length: 10 }, () => drive.step(targets));
    expect(steps.indexOf(true)).toBe(3);
    expect(Array.from(drive.goals)).toEqual([...targets]);
  });

  test("a servo is given no less than a quarter more than the ramp's speed, to keep up with it", () => {
    const { drive } = follower(undefined, undefined, { ...limits, alignSpeedDegPerS: 50 });
    drive.switchTorqueOn();
    // 50 °/s are 568.9 steps/s.
    expect(drive.goalVelocity(0)).toBe(712);
  });

  test.each([-15, 15])("a target only %i steps away is approached slowly too", (distance) => {
    const { drive } = follower();
    drive.switchTorqueOn();
    const targets = Int32Array.from(drive.goals, (goal) => goal + distance);
    for (let before = 1000; drive.motionOf(0).isSlow; before = drive.goals[0]!) {
      drive.step(targets);
      expect(Math.abs(drive.goals[0]! - before)).toBeLessThanOrEqual(SLOW);
    }
    expect(drive.goals[0]).toBe(1000 + distance);
  });

  test("parts of a step are carried over, but not from before the torque was switched on", () => {
    const { drive } = follower();
    const far = new Int32Array(6).fill(2000);
    const moves = () =>
      [1, 2, 3].map(() => {
        const before = drive.goals[0]!;
        drive.step(far);
        return drive.goals[0]! - before;
      });
    drive.switchTorqueOn();
    expect(moves()).toEqual([2, 3, 2]);
    drive.switchTorqueOn();
    expect(moves()).toEqual([2, 3, 2]);
  });

  test.each([
    { to: -12, meets: true },
    { to: -100, meets: false },
  ])("a target that passes the goal between two ticks, to $to steps, has met it: $meets", ({ to, meets }) => {
    const { drive } = follower();
    drive.switchTorqueOn();
    const targets = Int32Array.from(drive.goals);
    targets[0] = 1015;
    drive.step(targets);
    targets[0] = drive.goals[0]! + to;
    drive.step(targets);
    expect(Number(drive.motionOf(0).isSlow)).toBe(meets ? 0 : 1);
  });

  test.each([-15, 15])(
    "what was on its way before the torque was switched on has met no target %i away",
    (away) => {
      const { drive, arm } = follower();
      drive.switchTorqueOn();
      const targets = Int32Array.from(drive.goals);
      targets[0]! -= away * 10;
      drive.step(targets);
      for (const servo of arm.servos) servo.setValues({ torque_enable: 0 });
      drive.switchTorqueOn();
      targets[0] = drive.goals[0]! + away;
      drive.step(targets);
      expect(Number(drive.motionOf(0).isSlow)).toBe(1);
    },
  );

  test("a servo seen with another velocity is told the right one with the next goals, once", () => {
    const { drive, transport, arm } = following();
    const targets = new Int32Array(6).fill(2000);
    drive.step(targets);
    expect(transport.sent.at(-1)!.length).toBe(26);
    arm.servos[3]!.setValues({ goal_velocity: 640 });
    drive.repeatVelocity(3);
    drive.step(targets);
    expect(arm.servos[3]!.values(0).goal_velocity).toBe(0);
    drive.step(targets);
    expect(transport.sent.at(-1)!.length).toBe(26);
  });

  test("a target outside the calibrated range stops at its end", () => {
    const { drive } = follower(undefined, { min: 900, max: 3600 });
    drive.switchTorqueOn();
    for (let tick = 0; tick < 2000; tick++) drive.step(Int32Array.of(0, 4095, -300, 5000, 2000, 2000));
    expect(Array.from(drive.goals)).toEqual([900, 3600, 900, 3600, 2000, 2000]);
  });

  test("a joint that stands outside its range is led back into it, not snapped", () => {
    const { drive } = follower([100, 1500, 2000, 2500, 3000, 3500], { min: 900, max: 3600 });
    drive.switchTorqueOn();
    expect(drive.goals[0]).toBe(100);
    drive.step(Int32Array.of(1000, 1500, 2000, 2500, 3000, 3500));
    expect(drive.goals[0]).toBeWithin(102, 104);
  });

  test("once all follow, the packet is the short one, after one that takes the speed limit off the servos", () => {
    const { drive, transport, arm } = follower();
    drive.switchTorqueOn();
    const targets = Int32Array.from(drive.goals);
    drive.step(targets);
    expect(arm.servos[0]!.values(0).goal_velocity).toBe(0);
    drive.step(targets);
    expect(transport.sent.at(-1)!.length).toBe(26);
  });

  test("the time since the last goals counts, up to 50 ms of it", () => {
    const { drive } = following();
    const moved = (tickS: number) => {
      const before = drive.goals[0]!;
      drive.tickS = tickS;
      drive.step(new Int32Array(6).fill(4000));
      return drive.goals[0]! - before;
    };
    // 360 °/s are 4096 steps/s: at 53 goals a second they are 77 each.
    expect([moved(1 / 53), moved(0), moved(0.001), moved(0.05), moved(10)]).toEqual([77, 0, 4, 205, 205]);
    drive.align(0);
    // 45 °/s are 512 steps/s; parts of a step are carried over.
    expect([moved(1 / 53), moved(0), moved(0.05), moved(10)]).toEqual([10, 0, 25, 26]);
  });

  test("it is told how long until all that follow may be given their targets themselves", () => {
    const { drive } = following();
    const at = drive.goals[0]!;
    const targets = (steps: number) => new Int32Array(6).fill(at).fill(at + steps, 0, 1);
    drive.tickS = 0;
    drive.step(targets(0));
    // 41 steps at 4096 steps/s take 10.01 ms.
    expect(drive.soonUs(targets(41), 20_000)).toBeCloseTo(10_010, -1);
    expect(drive.soonUs(targets(41), 10_000)).toBe(0);
    expect(drive.soonUs(targets(0), 20_000)).toBe(0);
    // More than 50 ms of the limit are never allowed.
    expect(drive.soonUs(targets(300), 1e6)).toBe(0);
    drive.align(0);
    expect(drive.soonUs(targets(41), 20_000)).toBe(0);
  });

  test("whatever the targets and the times, no goal ever moves faster than allowed or leaves the range", () => {
    const target = fc.integer({ min: -40_000, max: 40_000 });
    const targets = fc.array(target, { minLength: 6, maxLength: 6 });
    const tick = fc.record({ targets, tickS: fc.double({ min: 0, max: 0.1, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(tick, { minLength: 1, maxLength: 60 }), (ticks) => {
        const { drive } = follower(undefined, { min: 900, max: 3600 });
        drive.switchTorqueOn();
        let before = Array.from(drive.goals);
        for (const { targets, tickS } of ticks) {
          const slow = JOINTS.map((_, joint) => Number(drive.motionOf(joint).isSlow));
          drive.tickS = tickS;
          drive.step(Int32Array.from(targets));
          for (let joint = 0; joint < 6; joint++) {
            const speed = slow[joint] ? 512 : 4096;
            const may = speed * Math.min(tickS, 0.05) + 1;
            expect(Math.abs(drive.goals[joint]! - before[joint]!)).toBeLessThan(may);
            expect(drive.goals[joint]).toBeWithin(900, 3601);
          }
          before = Array.from(drive.goals);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test("a follower that must be slow never leaves the aligning speed, and is not fast at once afterwards", () => {
  const { drive } = follower([2000, 2000, 2000, 2000, 2000, 2000]);
  drive.switchTorqueOn();
  const targets = new Int32Array(6).fill(2000);
  for (let tick = 0; tick < 5; tick++) drive.step(targets);
  expect(Number(drive.motionOf(0).isSlow)).toBe(0);
  drive.slow = true;
  targets.fill(2500);
  const goal = () => drive.goals[0]!;
  for (let tick = 0; tick < 40; tick++) {
    const before = goal();
    drive.step(targets);
    expect(goal() - before).toBeLessThanOrEqual(3);
  }
  drive.slow = false;
  const before = goal();
  drive.step(targets);
  expect(goal() - before).toBeLessThanOrEqual(3);
});

test("a joint that has met its target while it must be slow stays slow", () => {
  const { drive } = following();
  drive.slow = true;
  const targets = new Int32Array(6).fill(2000);
  drive.step(targets);
  targets.fill(2500);
  for (let tick = 0; tick < 10; tick++) {
    const before = drive.goals[0]!;
    drive.step(targets);
    expect(drive.goals[0]! - before).toBeLessThanOrEqual(SLOW);
  }
  expect(drive.goalVelocity(0)).toBe(640);
});

test("a follower that need not be slow, and need not yet, goes on as fast as it was", () => {
  const { drive } = following();
  drive.slow = false;
  expect(JOINTS.map((_, joint) => Number(drive.motionOf(joint).isSlow))).toEqual([0, 0, 0, 0, 0, 0]);
  drive.step(new Int32Array(6).fill(2500));
  expect(drive.goals[0]! - 2000).toBeWithin(SLOW + 1, FAST + 1);
});

test("a joint that is told to align approaches its target, and the others go on as they were", () => {
  const { drive } = following();
  drive.align(0);
  drive.step(new Int32Array(6).fill(2500));
  expect(drive.goals[0]! - 2000).toBeWithin(1, SLOW + 1);
  expect(drive.goals[1]! - 2000).toBeWithin(SLOW + 1, FAST + 1);
});
