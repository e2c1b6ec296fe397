import { describe, expect, test } from "bun:test";
import { Bus } from "../../../src/feetech/bus.ts";
import { sayProblem } from "../../../src/messages/problems.ts";
import { SimulatedArm } from "../../../src/sim/arm/arm.ts";
import { JOINTS } from "../../../src/sim/arm/joints.ts";
import { factoryState, type ServoEvent } from "../../../src/sim/servo/servo.ts";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { ArmMonitor } from "../../../src/teleop/monitoring/arm-monitor.ts";
import { type OpeningSide, OverloadCure } from "../../../src/teleop/monitoring/overload.ts";
import { createMemory } from "../../../src/teleop/shared/control-memory.ts";
import { toldAlarms } from "../../support/told.ts";
import { limits, TickingDrive } from "../loop/followers.ts";

const TICK_US = 5_000;
const OVERLOAD = 32;
const GRIPPER = 5;
/** As `present_current` counts: 98 and 104 mA. */
const [IDLE, PRESSING] = [15, 16];

/** A follower at 2000 everywhere, whose gripper reports an overload and its current as the test says. */
function follower(opens: OpeningSide = 1) {
  const states = JOINTS.map((_, index) => factoryState(index + 1, 2000));
  const clock = new VirtualClock();
  const events: ServoEvent[] = [];
  const simulated = new SimulatedArm("follower", clock.nowUs(), states, (_, event) => events.push(event));
  const transport = new SimulatedTransport(simulated, undefined, clock);
  const bus = new Bus(transport, { access: "drive", clock });
  const { alarms, told } = toldAlarms();
  const health = {
    warnTemperatureC: 55,
    slowTemperatureC: 60,
    releaseTemperatureC: 65,
    voltageSagPercent: 15,
  };
  const { telemetry } = createMemory();
  const arm = new ArmMonitor({ role: "follower", id: "red" }, bus, health, telemetry, alarms);
  const ranges = JOINTS.map(() => ({ min: 0, max: 4095 }));
  const drive = new TickingDrive(bus, ranges, limits);
  drive.switchTorqueOn();
  events.length = 0;
  const cure = new OverloadCure(arm, drive, telemetry, alarms, opens);
  const targets = new Int32Array(6).fill(2000);
  let nowUs = 0;
  /** Lets time pass with the gripper wanted at `target`; returns how often its torque was switched off and on. */
  const pass = (seconds: number, target: number, current = IDLE, bits = OVERLOAD) => {
    const before = cures();
    telemetry.setJoint("follower", GRIPPER, "current", current);
    for (const endUs = nowUs + seconds * 1e6; nowUs < endUs; nowUs += TICK_US) {
      bus.errorBytes[GRIPPER + 1] = bits;
      if (cure.isDue(nowUs)) cure.cure(nowUs);
      bus.errorBytes[GRIPPER + 1] = bits;
      cure.observe(nowUs, target);
      targets[GRIPPER] = target;
      drive.step(targets);
    }
    return cures() - before;
  };
  const cures = () => events.filter(({ event }) => event === "limp").length;
  return { drive, told, pass, events };
}

describe("an overloaded gripper", () => {
  test("that is wanted narrower than it is keeps its torque and its goal, whatever its current", () => {
    const { drive, pass, events } = follower();
    expect(pass(60, 1900, IDLE)).toBe(0);
    expect(pass(60, 1500, PRESSING)).toBe(0);
    expect(drive.goals[GRIPPER]).toBe(1500);
    expect(events).toEqual([]);
  });

  test("that presses where it is wanted keeps its torque", () => {
    const { pass } = follower();
    expect(pass(60, 1950, PRESSING)).toBe(0);
    expect(pass(60, 2050, PRESSING)).toBe(0);
  });

  test.each([
    [1, 2056, 0],
    [1, 2057, 1],
    [1, 1943, 0],
    [-1, 1944, 0],
    [-1, 1943, 1],
    [-1, 2057, 0],
  ] as const)(
    "that opens to side %i, is wanted at %i and does not get there: torque off and on %i times",
    (opens, target, times) => {
      const { pass } = follower(opens);
      expect(pass(1, target, PRESSING)).toBe(times);
    },
  );

  test("that is idle has its torque switched off and on after 0.3 s, from where it is", () => {
    const { pass, events } = follower();
    expect(pass(0.3, 2000)).toBe(0);
    expect(pass(0.1, 2000)).toBe(1);
    expect(events).toMatchObject([
      { event: "limp", position: 2000 },
      { event: "energised", goal: 2000, position: 2000 },
    ]);
  });

  test("must have been idle all the time", () => {
    const { pass } = follower();
    for (let times = 0; times < 20; times++) {
      expect(pass(0.25, 2000)).toBe(0);
      expect(pass(0.01, 2000, PRESSING)).toBe(0);
    }
  });

  test("that moves is left alone", () => {
    const { drive, pass } = follower();
    for (let position = 2000; position < 2800; position += 20) {
      drive.see(GRIPPER, position);
      expect(pass(0.09, 3000)).toBe(0);
    }
  });

  test("is cured less and less often, then given up, and that is said once", () => {
    const { told, pass } = follower();
    const cures: number[] = [];
    for (let second = 0; second < 100; second++) if (pass(1, 2000) > 0) cures.push(second);
    expect(cures).toEqual([0, 5, 15]);
    expect(told.map(({ problem, severity }) => [problem.code, severity])).toEqual([
      ["servo.overload-stays", "fault"],
    ]);
    expect(sayProblem(told[0]!.problem, {})).toContain("gripper (id 6)");
    pass(0.1, 2000, IDLE, 0);
    expect(told.at(-1)!.change).toBe("cleared");
  });

  test("whose overload came back is cured as soon as the first time", () => {
    const { pass } = follower();
    expect(pass(1, 2000)).toBe(1);
    pass(0.1, 2000, IDLE, 0);
    expect(pass(1, 2000)).toBe(1);
  });

  test("of whose current nothing is known is not idle", () => {
    const { pass } = follower();
    expect(pass(10, 2000, Number.NaN)).toBe(0);
  });
});
