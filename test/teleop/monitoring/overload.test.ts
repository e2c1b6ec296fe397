import { describe, expect, test } from "bun:test";
import { Bus } from "../../../src/feetech/bus.ts";
import { sayProblem } from "../../../src/messages/problems.ts";
import { SimulatedArm } from "../../../src/sim/arm/arm.ts";
import { JOINTS } from "../../../src/sim/arm/joints.ts";
import { factoryState } from "../../../src/sim/servo/servo.ts";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { ArmMonitor } from "../../../src/teleop/monitoring/arm-monitor.ts";
import { OverloadCure } from "../../../src/teleop/monitoring/overload.ts";
import { createMemory } from "../../../src/teleop/shared/control-memory.ts";
import { toldAlarms } from "../../support/told.ts";
import { isResting, limits, TickingDrive } from "../loop/followers.ts";

const TICK_US = 5_000;
const OVERLOAD = 32;
const GRIPPER = 5;

/** A follower at 2000 everywhere, in whose replies error bits can be put as if its servos had. */
function follower() {
  const states = JOINTS.map((_, index) => factoryState(index + 1, 2000));
  const clock = new VirtualClock();
  const simulated = new SimulatedArm("follower", clock.nowUs(), states);
  const bus = new Bus(new SimulatedTransport(simulated, undefined, clock), { access: "drive", clock });
  const { alarms, told } = toldAlarms();
  const health = {
    warnTemperatureC: 55,
    slowTemperatureC: 60,
    releaseTemperatureC: 65,
    voltageSagPercent: 15,
  };
  const arm = new ArmMonitor({ role: "follower", id: "red" }, bus, health, createMemory().telemetry, alarms);
  const ranges = JOINTS.map(() => ({ min: 0, max: 4095 }));
  const drive = new TickingDrive(bus, ranges, limits);
  drive.switchTorqueOn();
  const cure = new OverloadCure(arm, drive, alarms);
  const targets = new Int32Array(6).fill(2000);
  let nowUs = 0;
  /** Lets time pass; the joint reports an overload while `lasts`. */
  const pass = (seconds: number, joint: number, lasts: (restsNow: boolean) => boolean) => {
    for (const endUs = nowUs + seconds * 1e6; nowUs < endUs; nowUs += TICK_US) {
      bus.errorBytes[joint + 1] = lasts(isResting(drive, joint)) ? OVERLOAD : 0;
      cure.step(nowUs, targets);
      drive.step(targets);
    }
  };
  return { cure, drive, targets, told, pass };
}

describe("an overloaded joint", () => {
  test("rests at the goal where it is, and then approaches its target again", () => {
    const { drive, targets, pass } = follower();
    drive.see(2, 1990);
    targets[2] = 2400;
    pass(0.1, 2, () => true);
    expect([Number(isResting(drive, 2)), drive.goals[2]]).toEqual([1, 1990]);
    pass(0.25, 2, () => false);
    expect([Number(isResting(drive, 2)), Number(drive.motionOf(2).isSlow)]).toEqual([0, 1]);
    pass(1, 2, () => false);
    expect(drive.goals[2]).toBe(2400);
  });

  test("is tried less and less often, then given up, and that is said once", () => {
    const { drive, told, pass } = follower();
    const rests: number[] = [];
    let was = 0;
    for (let tenth = 0; tenth < 900; tenth++) {
      pass(0.1, 1, () => true);
      if (isResting(drive, 1) && was === 0) rests.push(tenth / 10);
      was = Number(isResting(drive, 1));
    }
    expect(rests.length).toBe(5);
    const pauses = rests.slice(1).map((at, index) => at - rests[index]!);
    for (const [index, pause] of pauses.entries()) expect(pause).toBeWithin(2 ** index, 2 ** index + 0.6);
    expect(told.map(({ problem, severity }) => [problem.code, severity])).toEqual([
      ["servo.overload-stays", "fault"],
    ]);
    expect(sayProblem(told[0]!.problem, {})).toContain("shoulder_lift (id 2)");
    pass(1, 1, () => false);
    expect(told.at(-1)!.change).toBe("cleared");
  });

  test("that was well for a minute is tried as often as the first time", () => {
    const { drive, pass } = follower();
    pass(40, 1, () => true);
    pass(61, 1, () => false);
    pass(0.1, 1, () => true);
    expect(Number(isResting(drive, 1))).toBe(1);
  });

  test("other than the gripper keeps its torque", () => {
    const { cure, pass } = follower();
    pass(60, 0, () => true);
    expect(cure.gripperNeedsTorque).toBe(false);
  });
});

describe("an overloaded gripper", () => {
  test("that holds something keeps its torque", () => {
    const { cure, drive, targets, pass } = follower();
    drive.see(GRIPPER, 2000);
    targets[GRIPPER] = 1500;
    pass(60, GRIPPER, () => true);
    expect(cure.gripperNeedsTorque).toBe(false);
  });

  test("that is to open may lose it for a moment", () => {
    const { cure, targets, pass } = follower();
    targets[GRIPPER] = 1500;
    pass(0.2, GRIPPER, () => true);
    targets[GRIPPER] = 3000;
    pass(0.5, GRIPPER, () => true);
    expect(cure.gripperNeedsTorque).toBe(true);
  });

  test("does not lose it again and again", () => {
    const { cure, pass } = follower();
    let times = 0;
    for (let i = 0; i < 100; i++) {
      pass(0.1, GRIPPER, () => true);
      if (cure.gripperNeedsTorque) times++;
      cure.gripperGotTorque();
    }
    expect(times).toBe(2);
  });
});
