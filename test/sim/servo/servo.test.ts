import { beforeEach, describe, expect, test } from "bun:test";
import { BROADCAST_ID, Instruction } from "../../../src/feetech/packet.ts";
import { registers } from "../../../src/feetech/registers.ts";
import { SimulatedArm } from "../../../src/sim/arm/arm.ts";
import {
  factoryState,
  RareInstruction,
  type ServoEvent,
  type SimulatedServo,
} from "../../../src/sim/servo/servo.ts";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { Host } from "../host.ts";

// One servo, id 1, at encoder step 1000, and a clock that the test turns.
let clock: VirtualClock;
let events: ServoEvent[];
let servo: SimulatedServo;
let host: Host;
const seconds = (s: number) => clock.pass(s);

function build(eeprom: Parameters<typeof factoryState>[2] = {}, position = 1000): void {
  clock = new VirtualClock(1e6);
  events = [];
  const arm = new SimulatedArm("follower", clock.nowUs(), [factoryState(1, position, eeprom)], (_, event) =>
    events.push(event),
  );
  events = [];
  servo = arm.servos[0]!;
  host = new Host(new SimulatedTransport(arm, undefined, clock));
}

beforeEach(() => build());

describe("at power-up", () => {
  test("the control table is the factory's, and torque is off", () => {
    for (const name of [
      "model_number",
      "return_delay_time",
      "max_voltage_limit",
      "p_coefficient",
      "lock",
    ] as const) {
      expect(host.read(1, name)).toBe(registers[name].factory);
    }
    expect(host.read(1, "torque_enable")).toBe(0);
    expect(host.read(1, "acceleration")).toBe(0);
  });

  test("the torque limit is EEPROM's max torque", () => {
    build({ max_torque_limit: 500 });
    expect(host.read(1, "torque_limit")).toBe(500);
    host.write(1, "lock", 0);
    host.write(1, "max_torque_limit", 700);
    expect(host.read(1, "torque_limit")).toBe(500);
    servo.powerDown(clock.nowUs());
    servo.powerUp(clock.nowUs());
    expect(host.read(1, "torque_limit")).toBe(700);
  });

  test("the goal is a stale one, never near the position", () => {
    for (const position of [0, 1000, 2048, 2300, 4095]) {
      build({}, position);
      expect(Math.abs(host.read(1, "goal_position")! - position)).toBeGreaterThanOrEqual(300);
    }
  });

  test("some firmware comes up energised, and drives to the stale goal", () => {
    servo.powerDown(clock.nowUs());
    servo.powerUp(clock.nowUs(), { torqueOn: true });
    expect(events.at(-1)).toMatchObject({ event: "energised", cause: "power" });
    seconds(3);
    expect(host.read(1, "present_position")).toBe(host.read(1, "goal_position"));
  });

  test("it does not answer before it has started", () => {
    servo.powerDown(clock.nowUs());
    servo.powerUp(clock.nowUs(), { silentMs: 200 });
    expect(host.ping(1)).toBeUndefined();
    seconds(0.2);
    expect(host.ping(1)).toBeDefined();
  });
});

describe("position", () => {
  test("is the encoder less the homing offset, within one turn", () => {
    build({ homing_offset: 1500 });
    expect(host.read(1, "present_position")).toBe(1000 - 1500 + 4096);
    build({ homing_offset: -2047 });
    expect(host.read(1, "present_position")).toBe(3047);
  });

  test("leaves 0…4095 while phase bit 4 is set, in sign-magnitude form", () => {
    build({ homing_offset: 1500, phase: 12 | 0x10 });
    expect(host.read(1, "present_position")).toBe(-500);
    servo.actuator.motor.push(9000, 1e6);
    seconds(1);
    expect(host.read(1, "present_position")).toBe(7500);
  });
});

describe("energising", () => {
  test("writing a goal energises a limp joint", () => {
    host.write(1, "goal_position", 1200);
    expect(host.read(1, "torque_enable")).toBe(1);
    expect(events).toContainEqual({
      event: "energised",
      cause: "request",
      goal: 1200,
      position: 1000,
      goalVelocity: 0,
    });
    seconds(2);
    expect(host.read(1, "present_position")).toBe(1200);
  });

  test("torque on drives to the last goal, whatever it was", () => {
    const goal = host.read(1, "goal_position")!;
    host.write(1, "torque_enable", 1);
    seconds(3);
    expect(host.read(1, "present_position")).toBe(goal);
  });

  test("a joint holds its last goal for ever", () => {
    host.write(1, "goal_position", 1500);
    seconds(3600);
    expect(host.read(1, "present_position")).toBe(1500);
    expect(servo.actuator.torqueOn).toBe(true);
  });

  test("torque enable 128 makes the present position 2048", () => {
    host.write(1, "lock", 0);
    host.write(1, "torque_enable", 128);
    expect(host.read(1, "present_position")).toBe(2048);
    expect(events).toContainEqual({ event: "middle set" });
  });
});

describe("motion", () => {
  const after = (goal: number, s: number) => {
    host.write(1, "goal_position", goal);
    seconds(s);
    return host.read(1, "present_position")! - 1000;
  };

  test("without a goal velocity it is as fast as the servo can: about 3400 steps/s", () => {
    const moved = after(4000, 0.5);
    expect(moved).toBeGreaterThan(1600);
    expect(moved).toBeLessThanOrEqual(1700);
    expect(host.read(1, "moving")).toBe(1);
  });

  test("goal velocity limits it", () => {
    host.write(1, "goal_velocity", 200);
    expect(after(2000, 1)).toBeCloseTo(200, -1);
  });

  test("acceleration, in units of 100 steps/s², delays it", () => {
    host.write(1, "acceleration", 10);
    expect(after(3000, 0.5)).toBeCloseTo(125, -1); // ½ · 1000 · 0.5²
    seconds(20);
    expect(host.read(1, "present_position")).toBe(3000);
  });

  test("goals are held within the position limits", () => {
    build({ min_position_limit: 900, max_position_limit: 1100 });
    expect(after(2000, 2)).toBe(100);
    host.write(1, "goal_position", 0);
    seconds(2);
    expect(host.read(1, "present_position")).toBe(900);
  });

  test("limits of 0 and 0 are none", () => {
    build({ min_position_limit: 0, max_position_limit: 0 });
    expect(after(4000, 3)).toBe(3000);
  });

  test("it never takes the short way over the seam", () => {
    build({}, 100);
    host.write(1, "goal_position", 4000);
    seconds(0.5);
    expect(host.read(1, "present_position")).toBeGreaterThan(1000);
    expect(host.read(1, "present_position")).toBeLessThan(2500);
  });

  test("without torque to move it, it stays", () => {
    host.write(1, "torque_limit", 20);
    expect(after(2000, 2)).toBe(0);
  });

  test("a speed beyond what a register holds reads as the most that it holds", () => {
    servo.actuator.motor.push(3000, 1e6);
    clock.pass(500e-6);
    expect(host.read(1, "present_velocity")).toBe(32767);
  });

  test("a limp joint stays where it is put, an energised one only yields to force", () => {
    servo.actuator.motor.push(1300, 1000);
    seconds(1);
    expect(host.read(1, "present_position")).toBe(1300);
    host.write(1, "goal_position", 1300);
    servo.actuator.motor.push(1500, 1000);
    seconds(1);
    expect(host.read(1, "present_position")).toBe(1300);
    servo.actuator.motor.push(1500, 1000, true);
    seconds(0.2);
    expect(host.read(1, "present_position")).toBe(1500);
    seconds(1);
    expect(host.read(1, "present_position")).toBe(1300);
  });
});

describe("firmware", () => {
  test("may take no goal outside of the position limits", () => {
    build({ min_position_limit: 1020, max_position_limit: 3000 });
    servo.firmware.clampsGoals = true;
    host.write(1, "goal_position", 1000);
    expect(host.read(1, "goal_position")).toBe(1020);
    expect(events).toMatchObject([{ event: "energised", goal: 1020, nearest: true, position: 1000 }]);
    host.write(1, "goal_position", 1100);
    expect(host.read(1, "goal_position")).toBe(1100);
    host.write(1, "goal_position", 4000);
    expect(host.read(1, "goal_position")).toBe(3000);
  });

  test("may take no acceleration above the maximum, and that one with the lock open only", () => {
    servo.firmware.clampsAcceleration = true;
    host.write(1, "acceleration", 254);
    expect(host.read(1, "acceleration")).toBe(0);
    host.write(1, "maximum_acceleration", 150);
    expect(host.read(1, "maximum_acceleration")).toBe(0);
    host.write(1, "lock", 0);
    host.write(1, "maximum_acceleration", 150);
    host.write(1, "acceleration", 254);
    expect(host.read(1, "acceleration")).toBe(150);
  });

  test("may take no acceleration above one of its own", () => {
    servo.firmware.highestAcceleration = 100;
    host.write(1, "acceleration", 254);
    expect(host.read(1, "acceleration")).toBe(100);
  });
});

describe("EEPROM", () => {
  test("is there at once after a write, so that LeRobot 0.6 can clear phase bit 4 right after another one", () => {
    build({ phase: 12 | 16, homing_offset: -1200 }, 3900);
    servo.firmware.zerosAfterEepromWrite = false;
    host.write(1, "lock", 0);
    // feetech.py, configure_motors: one after the other, without a pause.
    host.write(1, "return_delay_time", 0);
    host.write(1, "maximum_acceleration", 254);
    host.write(1, "acceleration", 254);
    const phase = host.read(1, "phase")!;
    expect(phase).toBe(12 | 16);
    host.write(1, "phase", phase & ~16);
    expect(host.read(1, "phase")).toBe(12);
    expect(host.read(1, "return_delay_time")).toBe(0);
    expect(host.read(1, "present_position")).toBe((3900 + 1200) % 4096);
  });

  test("reads back as zeros for 200 ms after a write, with firmware that is said to do so", () => {
    servo.firmware.zerosAfterEepromWrite = true;
    host.write(1, "lock", 0);
    host.write(1, "p_coefficient", 16);
    seconds(0.19);
    expect(host.read(1, "p_coefficient")).toBe(0);
    expect(host.read(1, "min_voltage_limit")).toBe(0);
    expect(host.read(1, "lock")).toBe(0);
    expect(host.read(1, "torque_limit")).toBe(1000); // RAM is not concerned
    seconds(0.02);
    expect(host.read(1, "p_coefficient")).toBe(16);
  });

  test("with the lock on, a write acts until power goes, and no longer", () => {
    host.write(1, "p_coefficient", 16);
    expect(host.read(1, "p_coefficient")).toBe(16);
    expect(servo.wear.every((count) => count === 0)).toBe(true);
    servo.powerDown(clock.nowUs());
    servo.powerUp(clock.nowUs());
    expect(host.read(1, "p_coefficient")).toBe(32);
  });

  test("with the lock off, it lasts, and wears the cells", () => {
    host.write(1, "lock", 0);
    host.write(1, "homing_offset", -300);
    servo.powerDown(clock.nowUs());
    servo.powerUp(clock.nowUs());
    expect(host.read(1, "homing_offset")).toBe(-300);
    expect(servo.wear[31]).toBe(1);
    expect(servo.wear[32]).toBe(1);
    expect(events).toContainEqual({
      event: "eeprom",
      register: "homing_offset",
      before: 0,
      after: -300,
      persisted: true,
    });
  });

  test("what is read-only stays", () => {
    host.write(1, "lock", 0);
    host.write(1, "model_number", 1);
    expect(host.read(1, "model_number")).toBe(777);
    host.write(1, "present_position", 5);
    expect(host.read(1, "present_position")).toBe(1000);
  });
});

describe("an overload", () => {
  const overload = () => {
    servo.actuator.motor.block(1100);
    host.write(1, "goal_position", 2000);
    seconds(0.5);
    expect(host.ping(1)!.error).toBe(0);
    seconds(2.1); // the factory's protection time is 2 s
  };

  test("latches after the protection time, and drops to the protective torque", () => {
    overload();
    expect(host.ping(1)!.error).toBe(32);
    seconds(0.1);
    expect(host.read(1, "present_load")).toBe(200);
    servo.actuator.motor.block(undefined);
    seconds(10);
    expect(host.ping(1)!.error).toBe(32);
  });

  test("latches as soon while goals are being written", () => {
    servo.actuator.motor.block(1100);
    for (let goal = 0; goal < 250; goal++) {
      host.write(1, "goal_position", 2000 + (goal % 2));
      seconds(0.01);
    }
    expect(host.ping(1)!.error).toBe(32);
  });

  // Half the force at half the distance: of P 16 the whole torque at 21.7°, and LeRobot's gripper's 25 % at 5.4°.
  test.each([
    [60, 0],
    [64, 32],
  ])("of LeRobot's gripper, %i steps past an object: error %i", (steps, error) => {
    servo.setValues({ p_coefficient: 16, overload_torque: 25, torque_limit: 500 });
    servo.actuator.motor.block(1100);
    host.write(1, "goal_position", 1100 + steps);
    seconds(4);
    expect(host.ping(1)!.error).toBe(error);
  });

  test("ends with a goal with which the joint presses no more, and with no other", () => {
    overload();
    host.write(1, "goal_position", 1900);
    expect(host.ping(1)!.error).toBe(32);
    host.write(1, "goal_position", 1100);
    expect(host.ping(1)!.error).toBe(0);
  });

  test("may need torque off and on", () => {
    servo.actuator.overloadCure = "torque";
    overload();
    host.write(1, "goal_position", 1100);
    expect(host.ping(1)!.error).toBe(32);
    host.write(1, "torque_enable", 0);
    host.write(1, "torque_enable", 1);
    expect(host.ping(1)!.error).toBe(0);
  });

  test("may need a power cycle", () => {
    servo.actuator.overloadCure = "power";
    overload();
    host.write(1, "torque_enable", 0);
    host.write(1, "torque_enable", 1);
    expect(host.ping(1)!.error).toBe(32);
    servo.powerDown(clock.nowUs());
    servo.powerUp(clock.nowUs());
    expect(host.ping(1)!.error).toBe(0);
  });

  test("does not happen below the overload torque", () => {
    host.write(1, "torque_limit", 500);
    overload();
    expect(host.ping(1)!.error).toBe(0);
  });
});

describe("error bits", () => {
  test("a supply beyond the voltage limits is on every reply, beside valid data", () => {
    servo.actuator.voltage = 120;
    host.send(1, Instruction.read, [registers.present_voltage.address, 1]);
    expect(host.replies(1)).toEqual([{ id: 1, error: 1, params: Uint8Array.of(120) }]);
    servo.actuator.voltage = 30;
    expect(host.ping(1)!.error).toBe(1);
  });

  test("overheating is reported, and the joint goes limp while it lasts", () => {
    host.write(1, "goal_position", 1500);
    servo.actuator.temperature = 71;
    seconds(2);
    expect(host.ping(1)!.error).toBe(4);
    expect(host.read(1, "present_position")).toBe(1000);
    servo.actuator.temperature = 60;
    expect(host.ping(1)!.error).toBe(0);
  });
});

describe("instructions", () => {
  test("an unknown one, or a bad checksum, gets no reply", () => {
    host.send(1, 0x55);
    host.sendRaw([0xff, 0xff, 1, 2, 1, 0x00]);
    expect(host.replies(1)).toEqual([]);
    expect(host.ping(1)).toBeDefined();
  });

  test("with response level 0 only ping and read are answered", () => {
    host.write(1, "lock", 0);
    host.write(1, "response_status_level", 0);
    host.replies(1);
    expect(host.write(1, "torque_enable", 0)).toBeUndefined();
    expect(host.ping(1)).toBeDefined();
    seconds(1);
    expect(host.read(1, "response_status_level")).toBe(0);
  });

  test("a broadcast is obeyed and not answered", () => {
    host.write(BROADCAST_ID, "acceleration", 7);
    expect(host.replies(1)).toEqual([]);
    expect(host.read(1, "acceleration")).toBe(7);
  });

  test("a held write acts with the action", () => {
    host.send(1, RareInstruction.regWrite, [registers.acceleration.address, 9]);
    expect(host.replies(1)).toHaveLength(1);
    expect(host.read(1, "acceleration")).toBe(0);
    host.send(BROADCAST_ID, RareInstruction.action);
    expect(host.read(1, "acceleration")).toBe(9);
  });

  test("a new id counts at once", () => {
    host.write(1, "id", 5);
    expect(host.ping(1)).toBeUndefined();
    expect(host.ping(5)).toBeDefined();
  });

  test("at another baud rate it understands nothing", () => {
    servo.setValues({ baud_rate: 4 });
    expect(host.ping(1)).toBeUndefined();
  });

  test("a reboot takes 800 ms and loses RAM", () => {
    host.write(1, "goal_position", 1000);
    host.send(1, RareInstruction.reboot);
    seconds(0.79);
    expect(host.ping(1)).toBeUndefined();
    seconds(0.02);
    expect(host.read(1, "torque_enable")).toBe(0);
  });

  test.each([0x06, 0x0a])("instruction %i wipes it, and is counted", (instruction) => {
    build({ homing_offset: 700, p_coefficient: 16 });
    host.send(1, instruction);
    host.replies(1);
    expect(servo.wipes).toBe(1);
    expect(host.read(1, "homing_offset")).toBe(0);
    expect(host.read(1, "p_coefficient")).toBe(32);
  });
});
