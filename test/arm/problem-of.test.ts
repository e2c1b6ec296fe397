import { expect, test } from "bun:test";
import { problemOf } from "../../src/arm/problem-of.ts";
import { Bus } from "../../src/feetech/bus.ts";
import { BusError } from "../../src/feetech/bus-error.ts";
import { EepromError } from "../../src/feetech/eeprom.ts";
import { PortError } from "../../src/serial/transport.ts";
import { SimulatedTransport } from "../../src/sim/testing/transport.ts";

const arm = { role: "leader", id: "blue" } as const;
const path = "/dev/ttyACM0";
const bus = new Bus(new SimulatedTransport(), { access: "read" });

test("a port's error is the problem of whose port it is", () => {
  expect(problemOf(new PortError("lost", path, "it went away"), arm)).toEqual({
    code: "board.missing",
    arm,
    path,
    lost: true,
  });
  const stuck = new PortError("stuck", path, `${path} did not take what was sent in time`);
  expect(problemOf(stuck)).toEqual({ code: "port.failed", path, trouble: "stuck", fact: stuck.message });
});

test("a servo's error keeps its figures", () => {
  expect(problemOf(new BusError(bus, 3, "timeout"), arm)).toEqual({
    code: "bus.failed",
    arm,
    id: 3,
    joint: "elbow_flex",
    trouble: "timeout",
  });
  const goal = { register: "goal_position", value: 2048, position: 1000 } as const;
  expect(problemOf(new BusError(bus, 3, "not written", goal), arm)).toMatchObject({
    code: "bus.failed",
    ...goal,
  });
  expect(problemOf(new BusError(bus, 9, "timeout"), arm)).not.toHaveProperty("joint", expect.anything());
});

test("what a servo says of its position, or does not keep, has a code of its own", () => {
  const reading = { register: "present_position", value: 5000 } as const;
  expect(problemOf(new BusError(bus, 6, "corrupted", reading), arm)).toEqual({
    code: "servo.no-position",
    arm,
    joint: "gripper",
    position: 5000,
  });
  expect(problemOf(new EepromError(bus, 6, { register: "id", value: 6 }), arm)).toEqual({
    code: "servo.eeprom",
    arm,
    id: 6,
    joint: "gripper",
    register: "id",
    value: 6,
  });
});
