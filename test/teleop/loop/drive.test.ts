import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Bus } from "../../../src/feetech/bus.ts";
import { registers } from "../../../src/feetech/registers.ts";
import { SimulatedArm } from "../../../src/sim/arm.ts";
import { JOINTS } from "../../../src/sim/joints.ts";
import { factoryState, type ServoEvent } from "../../../src/sim/servo.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { FollowerDrive } from "../../../src/teleop/loop/drive.ts";

const limits = { rateHz: 200, alignSpeedDegPerS: 45, followSpeedDegPerS: 360 };
const GOAL = registers.goal_position.address;

/** A follower whose joints stand at the given positions, on a bus without time. */
function follower(
  positions: readonly number[] = [1000, 1500, 2000, 2500, 3000, 3500],
  ranges = { min: 0, max: 4095 },
) {
  const told: ServoEvent[] = [];
  const states = positions.map((position, index) => factoryState(index + 1, position));
  const arm = new SimulatedArm("follower", 0, states, (_, event) => told.push(event));
  const transport = new SimulatedTransport(arm, undefined, () => 0);
  const bus = new Bus(transport, { access: "drive" });
  const drive = new FollowerDrive(
    bus,
    JOINTS.map(() => ranges),
    limits,
  );
  return { transport, arm, bus, drive, told };
}

/** The goals that a sync write of goals tells the six servos. */
function goalsIn(packet: Uint8Array): number[] {
  expect([packet[4], packet[5]]).toEqual([0x83, GOAL]);
  const stride = packet[6]! + 1;
  return JOINTS.map((_, joint) => packet[8 + joint * stride]! | (packet[9 + joint * stride]! << 8));
}

describe("switching the torque on", () => {
  test("happens where the follower is, whatever stale goal it has", () => {
    const { drive, told, arm } = follower();
    drive.energise();
    const energised = told.filter((event) => event.event === "energised");
    expect(energised.length).toBe(6);
    for (const event of energised) expect(event.goal).toBe(event.position);
    for (const servo of arm.servos) expect(servo.values(0).torque_enable).toBe(1);
  });

  test("keeps the goal that the drive before gave, however far a hand has pushed the joint from it", () => {
    const { drive, arm, bus } = follower();
    drive.energise();
    arm.servos[2]!.actuator.motor.position += 600;
    const next = new FollowerDrive(
      bus,
      JOINTS.map(() => ({ min: 0, max: 4095 })),
      limits,
      drive.goals,
    );
    next.energise();
    expect(next.goals[2]).toBe(2000);
  });

  test("leaves the servos a speed not far above the ramp's", () => {
    const { drive, arm } = follower();
    drive.energise();
    expect(arm.servos[0]!.values(0).goal_velocity).toBe(640);
  });

  test("raises a torque limit that a release has left low", () => {
    const { drive, arm } = follower();
    arm.servos[5]!.setValues({ max_torque_limit: 500, torque_limit: 0 });
    drive.energise();
    expect(arm.servos[5]!.values(0).torque_limit).toBe(500);
  });

  test("a joint that is held near its goal keeps it, so that it does not sag", () => {
    const { drive, arm } = follower();
    arm.servos[2]!.setValues({ torque_enable: 1, goal_position: 2040 });
    drive.energise();
    expect([...drive.goals]).toEqual([1000, 1500, 2040, 2500, 3000, 3500]);
  });

  test("a joint that is on its way to a goal far away is stopped where it is", () => {
    const { drive, arm } = follower();
    arm.servos[2]!.setValues({ torque_enable: 1, goal_position: 3000 });
    drive.energise();
    expect(drive.goals[2]).toBe(2000);
  });

  test("goals that do not arrive are sent again before anything is energised", () => {
    const { drive, transport, told } = follower();
    let lost = 0;
    const { send } = transport;
    transport.send = (size, deadline) => {
      if (transport.out[5] === GOAL && lost++ < 2) return;
      send.call(transport, size, deadline);
    };
    drive.energise();
    for (const event of told) if (event.event === "energised") expect(event.goal).toBe(event.position);
    expect(lost).toBe(3);
  });

  test("a servo that never takes its goal is an error that names it, and nothing was switched on", () => {
    const { drive, transport, arm } = follower();
    const { send } = transport;
    transport.send = (size, deadline) => {
      if (transport.out[5] !== GOAL) send.call(transport, size, deadline);
    };
    expect(() => drive.energise()).toThrow("servo 1 has the goal 2048 and is at 1000");
    for (const servo of arm.servos) expect(servo.values(0).torque_enable).toBe(0);
  });

  test("a reading that is no position becomes no goal", () => {
    const { drive, arm, transport } = follower();
    arm.servos[0]!.setValues({ phase: 12 | 16 });
    arm.servos[0]!.actuator.motor.position = 5000;
    expect(() => drive.energise()).toThrow("which is no position");
    expect(transport.sent.filter((packet) => packet[5] === GOAL)).toEqual([]);
  });
});

describe("moving", () => {
  const farTargets = Int32Array.of(4000, 0, 2000, 2510, 3000, 100);

  test("a joint approaches at the aligning speed until its goal has met its target, then follows faster", () => {
    const { drive, transport } = follower();
    drive.energise();
    const before = [...drive.goals];
    for (let tick = 0; tick < 200; tick++) drive.step(farTargets);
    // 45 °/s are 512 steps in the second that 200 ticks take.
    expect(drive.goals[0]! - before[0]!).toBe(512);
    expect(drive.goals[1]! - before[1]!).toBe(-512);
    expect(drive.goals[3]).toBe(2510);
    drive.step(Int32Array.of(4000, 0, 2000, 2000, 3000, 100));
    expect(2510 - drive.goals[3]!).toBeWithin(20, 22);
    expect(goalsIn(transport.sent.at(-1)!)).toEqual([...drive.goals]);
  });

  test("says when every goal has met its target, and exactly there each goal is its target", () => {
    const { drive } = follower();
    drive.energise();
    const targets = Int32Array.of(1010, 1490, 2005, 2500, 3001, 3490);
    const steps = Array.from({ length: 10 }, () => drive.step(targets));
    expect(steps.indexOf(true)).toBe(3);
    expect([...drive.goals]).toEqual([...targets]);
  });

  test("a target outside the calibrated range stops at its end", () => {
    const { drive } = follower(undefined, { min: 900, max: 3600 });
    drive.energise();
    for (let tick = 0; tick < 2000; tick++) drive.step(Int32Array.of(0, 4095, -300, 5000, 2000, 2000));
    expect([...drive.goals]).toEqual([900, 3600, 900, 3600, 2000, 2000]);
  });

  test("a joint that stands outside its range is led back into it, not snapped", () => {
    const { drive } = follower([100, 1500, 2000, 2500, 3000, 3500], { min: 900, max: 3600 });
    drive.energise();
    expect(drive.goals[0]).toBe(100);
    drive.step(Int32Array.of(1000, 1500, 2000, 2500, 3000, 3500));
    expect(drive.goals[0]).toBeWithin(102, 104);
  });

  test("once all follow, the packet is the short one, after one that takes the speed limit off the servos", () => {
    const { drive, transport, arm } = follower();
    drive.energise();
    const targets = Int32Array.from(drive.goals);
    drive.step(targets);
    expect(arm.servos[0]!.values(0).goal_velocity).toBe(0);
    drive.step(targets);
    expect(transport.sent.at(-1)!.length).toBe(26);
  });

  test("whatever the targets, no goal ever moves by more than a tick's allowance or leaves the range", () => {
    const target = fc.integer({ min: -40_000, max: 40_000 });
    const tick = fc.array(target, { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(tick, { minLength: 1, maxLength: 60 }), (ticks) => {
        const { drive } = follower(undefined, { min: 900, max: 3600 });
        drive.energise();
        let before = [...drive.goals];
        for (const targets of ticks) {
          const slow = [...drive.approaching];
          drive.step(Int32Array.from(targets));
          for (let joint = 0; joint < 6; joint++) {
            expect(Math.abs(drive.goals[joint]! - before[joint]!)).toBeLessThanOrEqual(slow[joint] ? 3 : 21);
            expect(drive.goals[joint]).toBeWithin(900, 3601);
          }
          before = [...drive.goals];
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("a joint that is kept from its goal", () => {
  const STUCK = 2;
  /** Follows, then drives toward a far target while the joint stays where it is. */
  function stuck() {
    const { drive, transport } = follower([2000, 2000, 2000, 2000, 2000, 2000]);
    drive.energise();
    for (let tick = 0; tick < 5; tick++) drive.step(new Int32Array(6).fill(2000));
    const targets = new Int32Array([2000, 2000, 2900, 2000, 2000, 2000]);
    for (let tick = 0; tick < 300; tick++) {
      drive.step(targets);
      if (tick % 18 === 0) drive.saw(STUCK, 2000);
    }
    return { drive, transport, targets };
  }

  test("is found to be so when it does not move, and pressed no further", () => {
    const { drive } = stuck();
    expect(drive.obstructed[STUCK]).toBe(1);
    expect(drive.goals[STUCK]).toBeWithin(2200, 2240);
    expect(drive.goalVelocity(STUCK)).toBeGreaterThan(0);
  });

  test("is no such joint while it moves, however far behind", () => {
    const { drive } = follower([2000, 2000, 2000, 2000, 2000, 2000]);
    drive.energise();
    const targets = new Int32Array([2000, 2000, 3900, 2000, 2000, 2000]);
    for (let tick = 0; tick < 600; tick++) {
      drive.step(targets);
      if (tick % 18 === 0) drive.saw(STUCK, 2000 + tick);
    }
    expect(drive.obstructed[STUCK]).toBe(0);
  });

  test("goes on at the aligning speed when its way is free", () => {
    const { drive, targets } = stuck();
    let before = drive.goals[STUCK]!;
    for (let position = 2000; drive.goals[STUCK]! < 2900; position += 46) {
      drive.saw(STUCK, position);
      for (let tick = 0; tick < 18; tick++) {
        drive.step(targets);
        expect(drive.goals[STUCK]! - before).toBeLessThanOrEqual(3);
        before = drive.goals[STUCK]!;
      }
    }
    expect(drive.obstructed[STUCK]).toBe(0);
  });

  test("does not give way for ever to what pushes it back", () => {
    const { drive, targets } = stuck();
    for (let position = 2000; position > 1500; position -= 20) {
      drive.saw(STUCK, position);
      drive.step(targets);
    }
    expect(drive.goals[STUCK]).toBeGreaterThan(2200);
  });

  test("leaves its goal at once when the target is on the other side", () => {
    const { drive, targets } = stuck();
    targets[STUCK] = 1500;
    for (let tick = 0; tick < 60; tick++) drive.step(targets);
    expect([drive.obstructed[STUCK], drive.goals[STUCK]! < 1900]).toEqual([0, true]);
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
            drive.saw(STUCK, seen);
            if (target % 7 === 0) drive.rest(STUCK);
            if (target % 11 === 0) drive.resume(STUCK);
            const before = drive.goals[STUCK]!;
            drive.step(targets);
            expect(Math.abs(drive.goals[STUCK]! - before)).toBeLessThanOrEqual(21);
          }
        },
      ),
    );
  });
});

test("a follower that must be slow never leaves the aligning speed, and is not fast at once afterwards", () => {
  const { drive } = follower([2000, 2000, 2000, 2000, 2000, 2000]);
  drive.energise();
  const targets = new Int32Array(6).fill(2000);
  for (let tick = 0; tick < 5; tick++) drive.step(targets);
  expect(drive.approaching[0]).toBe(0);
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
