import { describe, expect, test } from "bun:test";
import { JOINTS, type JointName } from "../../../src/arm/joints.ts";
import {
  type FoundServo,
  findServo,
  isRightModel,
  type ServoLine,
  setUpServo,
} from "../../../src/arm/servos/servo-setup.ts";
import { Bus } from "../../../src/feetech/bus.ts";
import { BAUD_RATES } from "../../../src/feetech/registers.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";

/** A line with only these joints' servos on it, each a new one but for what is given. */
function lineWith(
  servos: Partial<Record<JointName, { id?: number; baud_rate?: number; model_number?: number }>>,
) {
  const transport = new SimulatedTransport();
  for (const joint of JOINTS) {
    transport.arm.faultsOf(joint).silent = servos[joint] === undefined;
    transport.arm.servo(joint).setValues({ id: 1, ...servos[joint] });
  }
  const line = {
    bus: new Bus(transport, { clock: transport.clock, access: "torque off" }),
    setBaudRate: (baudRate: number) => {
      transport.baud = baudRate;
    },
  };
  const values = (joint: JointName) => transport.arm.servo(joint).values(0);
  return { transport, line, values };
}

/** Takes all the steps of finding it. */
function find(line: ServoLine) {
  const steps = findServo(line);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

describe("finding the servo that is connected", () => {
  test.each(BAUD_RATES.map((baudRate, code) => [baudRate, code] as const))("at %i baud", (baudRate, code) => {
    const { line } = lineWith({ gripper: { id: 77, baud_rate: code } });
    expect(find(line)).toEqual({ id: 77, baudRate, model: 777 });
  });

  test("none", () => {
    expect(find(lineWith({}).line)).toEqual({ kind: "none" });
  });

  test("several, at one speed or at two", () => {
    expect(find(lineWith({ gripper: { id: 1 }, elbow_flex: { id: 3 } }).line)).toEqual({
      kind: "several",
      ids: [3, 1],
    });
    expect(find(lineWith({ gripper: { id: 1 }, elbow_flex: { id: 3, baud_rate: 4 } }).line)).toEqual({
      kind: "several",
      ids: [1, 3],
    });
  });

  test("two with one id are told from one, also when their pings merge into a good one", () => {
    const { line, transport } = lineWith({ gripper: {}, elbow_flex: {} });
    expect(find(line)).toMatchObject({ kind: "garbled" });
    // Both say the same at the same time: only what differs between them spoils.
    let pings = 0;
    transport.onReply = (reply) => {
      if (transport.sent.at(-1)![4] !== 1) return reply;
      pings++;
      return Uint8Array.of(0xff, 0xff, 1, 2, 0, 0xfc);
    };
    expect(find(line)).toEqual({ kind: "garbled", ids: [1] });
    expect(pings).toBeGreaterThan(0);
  });

  test("another model is told", () => {
    expect(isRightModel(find(lineWith({ gripper: { model_number: 1540 } }).line) as FoundServo)).toBe(false);
  });
});

describe("setting it up", () => {
  test("gives it the joint's id and 1 Mbps, kept in EEPROM, and leaves it limp", () => {
    const { line, values, transport } = lineWith({ gripper: { id: 9, baud_rate: 4 } });
    transport.arm.servo("gripper").setValues({ torque_enable: 1 });
    expect(setUpServo(line, find(line) as FoundServo, "gripper")).toEqual({ changed: true });
    transport.arm.servo("gripper").powerDown(0);
    transport.arm.servo("gripper").powerUp(0);
    expect(values("gripper")).toMatchObject({ id: 6, baud_rate: 0, torque_enable: 0, lock: 1 });
  });

  test("writes nothing to one that is right already", () => {
    const { line, transport } = lineWith({ gripper: { id: 6 } });
    expect(setUpServo(line, find(line) as FoundServo, "gripper")).toEqual({ changed: false });
    expect(transport.arm.servo("gripper").wear.every((times) => times === 0)).toBe(true);
  });

  test("goes on where a cut left it, between id and speed", () => {
    const { line, values } = lineWith({ gripper: { id: 6, baud_rate: 3 } });
    setUpServo(line, find(line) as FoundServo, "gripper");
    expect(values("gripper")).toMatchObject({ id: 6, baud_rate: 0 });
  });

  test("a servo that keeps its old id is said", () => {
    const { line, transport } = lineWith({ gripper: { id: 9 } });
    const servo = transport.arm.servo("gripper");
    const write = servo.write.bind(servo);
    servo.write = (data, at, address, count, now) => {
      if (address !== 5) write(data, at, address, count, now);
    };
    expect(() => setUpServo(line, find(line) as FoundServo, "gripper")).toThrow(
      "servo 6 does not keep id = 6",
    );
  });
});
