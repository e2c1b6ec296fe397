/** What a follower's drive does with a joint that something stops. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { FollowerDrive } from "../../../src/teleop/loop/drive.ts";
import { FAST, follower, following, SLOW } from "./followers.ts";

const STUCK = 2;

/** By how much the goal of the joint moves in a tick. */
function move(drive: FollowerDrive, targets: Int32Array, joint = STUCK): number {
  const before = drive.goals[joint]!;
  drive.step(targets);
  return drive.goals[joint]! - before;
}

/** Lets the goal of the joint come to `goal`, from where all follow. */
function lead(drive: FollowerDrive, goal: number): Int32Array {
  const targets = new Int32Array(6).fill(2000);
  targets[STUCK] = goal;
  while (drive.goals[STUCK] !== goal) drive.step(targets);
  return targets;
}

/** A joint whose goal was led 600 steps from it while it followed, and that was found to be stopped at 2000. */
function stopped(side: number) {
  const { drive, transport } = following();
  const targets = lead(drive, 2000 + side * 600);
  for (const _ of [1, 2]) drive.see(STUCK, 2000);
  expect(drive.motionOf(STUCK).obstacleSide).toBe(side);
  return { drive, transport, targets };
}

describe("a joint that is kept from its goal", () => {
  /** Follows, then drives toward a far target while the joint stays where it is. */
  function stuck() {
    const { drive, transport } = follower([2000, 2000, 2000, 2000, 2000, 2000]);
    drive.switchTorqueOn();
    for (let tick = 0; tick < 5; tick++) drive.step(new Int32Array(6).fill(2000));
    const targets = new Int32Array([2000, 2000, 2900, 2000, 2000, 2000]);
    for (let tick = 0; tick < 300; tick++) {
      drive.step(targets);
      if (tick % 18 === 0) drive.see(STUCK, 2000);
    }
    return { drive, transport, targets };
  }

  test("is found to be so when it does not move, and pressed no further", () => {
    const { drive } = stuck();
    expect(drive.motionOf(STUCK).obstacleSide).toBe(1);
    expect(drive.goals[STUCK]).toBeWithin(2200, 2240);
    expect(drive.goalVelocity(STUCK)).toBeGreaterThan(0);
  });

  test("is no such joint while it moves, however far behind", () => {
    const { drive } = follower([2000, 2000, 2000, 2000, 2000, 2000]);
    drive.switchTorqueOn();
    const targets = new Int32Array([2000, 2000, 3900, 2000, 2000, 2000]);
    for (let tick = 0; tick < 600; tick++) {
      drive.step(targets);
      if (tick % 18 === 0) drive.see(STUCK, 2000 + tick);
    }
    expect(drive.motionOf(STUCK).obstacleSide).toBe(0);
  });

  test("goes on at the aligning speed when its way is free", () => {
    const { drive, targets } = stuck();
    let before = drive.goals[STUCK]!;
    for (let position = 2000; drive.goals[STUCK]! < 2900; position += 46) {
      drive.see(STUCK, position);
      for (let tick = 0; tick < 18; tick++) {
        drive.step(targets);
        expect(drive.goals[STUCK]! - before).toBeLessThanOrEqual(3);
        before = drive.goals[STUCK]!;
      }
    }
    expect(drive.motionOf(STUCK).obstacleSide).toBe(0);
  });

  test("does not give way for ever to what pushes it back", () => {
    const { drive, targets } = stuck();
    for (let position = 2000; position > 1500; position -= 20) {
      drive.see(STUCK, position);
      drive.step(targets);
    }
    expect(drive.goals[STUCK]).toBeGreaterThan(2200);
  });

  test("leaves its goal at once when the target is on the other side", () => {
    const { drive, targets } = stuck();
    targets[STUCK] = 1500;
    for (let tick = 0; tick < 60; tick++) drive.step(targets);
    expect([drive.motionOf(STUCK).obstacleSide, drive.goals[STUCK]! < 1900]).toEqual([0, true]);
  });

  test("never gets a goal further from the one before than the limit", () => {
    const { drive, targets } = stuck();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4095 }), fc.integer({ min: 0, max: 4095 })), {
          maxLength: 40,
        }),
        (steps) => {
          for (const [target, seen] of steps) {
            targets[STUCK] = target;
            drive.see(STUCK, seen);
            if (target % 7 === 0) drive.align(STUCK);
            const before = drive.goals[STUCK]!;
            drive.step(targets);
            expect(Math.abs(drive.goals[STUCK]! - before)).toBeLessThanOrEqual(21);
          }
        },
      ),
    );
  });

  test.each([-1, 1])("is 25° behind its goal, or more (side %i)", (side) => {
    for (const [distance, found] of [
      [284, 0],
      [285, side],
    ] as const) {
      const { drive } = following();
      lead(drive, 2000 + side * distance);
      for (const _ of [1, 2, 3]) drive.see(STUCK, 2000);
      expect(drive.motionOf(STUCK).obstacleSide).toBe(found);
    }
  });

  test("is seen twice in a row to have moved by less than 1°", () => {
    const { drive } = following();
    lead(drive, 2500);
    const found = (...positions: number[]) =>
      positions.map((position) => {
        drive.see(STUCK, position);
        return drive.motionOf(STUCK).obstacleSide;
      });
    expect(found(2011, 2023, 2034, 2046, 2058)).toEqual([0, 0, 0, 0, 0]);
    expect(found(2069, 2058)).toEqual([0, 1]);
    expect(drive.motionOf(STUCK).seenAt).toBe(2058);
  });

  test("is looked for afresh once its way was free", () => {
    const { drive, targets } = stopped(1);
    targets[STUCK] = 1990;
    drive.step(targets);
    expect(drive.motionOf(STUCK).obstacleSide).toBe(0);
    while (drive.motionOf(STUCK).isSlow || drive.goals[STUCK] !== 1990) drive.step(targets);
    lead(drive, 2600);
    drive.see(STUCK, 2000);
    expect(drive.motionOf(STUCK).obstacleSide).toBe(0);
    drive.see(STUCK, 2000);
    expect(drive.motionOf(STUCK).obstacleSide).toBe(1);
  });

  test.each([-1, 1])("gets its goal back to 20° from it, as fast as it followed (side %i)", (side) => {
    const { drive, targets } = stopped(side);
    expect(-side * move(drive, targets)).toBeWithin(SLOW + 1, FAST + 1);
    for (let tick = 0; tick < 100; tick++) drive.step(targets);
    expect(drive.goals[STUCK]).toBe(2000 + side * 228);
  });

  test("gets its goal back slowly when it did not follow", () => {
    const { drive } = follower([2000, 2000, 2000, 2000, 2000, 2000]);
    drive.switchTorqueOn();
    const targets = new Int32Array(6).fill(4000);
    while (drive.goals[STUCK]! < 2600) drive.step(targets);
    for (const _ of [1, 2]) drive.see(STUCK, 2000);
    expect(-move(drive, targets)).toBeWithin(1, SLOW + 1);
  });

  test("has not met its target meanwhile", () => {
    const { drive, targets } = stopped(1);
    for (let tick = 0; tick < 100; tick++) expect(drive.step(targets)).toBe(false);
  });

  test("keeps its goal when it is pushed back and stays there", () => {
    const { drive, targets } = stopped(1);
    for (const position of [1900, 1800, 1800, 1800, 1800]) drive.see(STUCK, position);
    for (let tick = 0; tick < 100; tick++) drive.step(targets);
    expect(drive.goals[STUCK]).toBe(2228);
  });

  test.each([-1, 1])(
    "is free when its target is no further than what presses against it (side %i)",
    (side) => {
      for (const [distance, obstructed] of [
        [229, side],
        [228, 0],
      ] as const) {
        const { drive, targets } = stopped(side);
        targets[STUCK] = 2000 + side * distance;
        drive.step(targets);
        expect(drive.motionOf(STUCK).obstacleSide).toBe(obstructed);
      }
    },
  );

  test.each([-1, 1])("follows at once where it is free, whatever the side (side %i)", (side) => {
    for (const distance of [-100, 0, 1, 100, 228]) {
      const { drive, targets } = stopped(side);
      targets[STUCK] = 2000 + side * distance;
      drive.step(targets);
      const { obstacleSide, isSlow } = drive.motionOf(STUCK);
      expect([obstacleSide, Number(isSlow)]).toEqual([0, 0]);
      expect(-side * move(drive, targets)).toBeWithin(SLOW + 1, FAST + 1);
    }
  });

  test.each([-1, 1])(
    "has its target's goal as soon as that is nearer than what presses (side %i)",
    (side) => {
      const { drive, targets } = stopped(side);
      for (let tick = 0; tick < 100; tick++) drive.step(targets);
      for (let distance = 220; distance > -300; distance -= 15) {
        targets[STUCK] = 2000 + side * distance;
        drive.step(targets);
        expect(drive.goals[STUCK]).toBe(targets[STUCK]);
      }
    },
  );
});
