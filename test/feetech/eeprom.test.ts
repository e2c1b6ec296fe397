import { expect, test } from "bun:test";
import { Bus, BusError } from "../../src/feetech/bus.ts";
import { type EepromChange, writeEeprom } from "../../src/feetech/eeprom.ts";
import { type RegisterName, registers } from "../../src/feetech/registers.ts";
import { SimulatedWire } from "../../src/sim/testing/transport.ts";

function arm() {
  const wire = new SimulatedWire();
  return { wire, bus: new Bus(wire, { access: "limp" }) };
}

const change = (bus: Bus, id: number, register: RegisterName, value: number): EepromChange => ({
  bus,
  id,
  register,
  value,
});

const wearOf = (wire: SimulatedWire, joint: number) =>
  wire.arm.servos[joint]!.wear.reduce((sum, n) => sum + n, 0);
const writesIn = (wire: SimulatedWire) => wire.sent.filter((request) => request[4] === 0x03).length;

test("what differs is written and persists; what does not is left alone", () => {
  const { wire, bus } = arm();
  const written = writeEeprom([
    change(bus, 1, "return_delay_time", 0),
    change(bus, 1, "operating_mode", 0),
    change(bus, 2, "return_delay_time", 250),
  ]);
  expect(written).toBe(1);
  expect(wearOf(wire, 0)).toBe(1);
  expect(wearOf(wire, 1)).toBe(0);
  expect(wire.arm.servos[0]!.save().eeprom[registers.return_delay_time.address]).toBe(0);
});

test("where nothing differs nothing at all is written, not even the lock", () => {
  const { wire, bus } = arm();
  expect(writeEeprom([change(bus, 1, "return_delay_time", 250)])).toBe(0);
  expect(writesIn(wire)).toBe(0);
});

test("the lock is closed again", () => {
  const { bus } = arm();
  writeEeprom([change(bus, 1, "return_delay_time", 0)]);
  expect(bus.read(1, "lock")).toBe(1);
});

test("two arms are written before either is verified", () => {
  const [first, second] = [arm(), arm()];
  const order: string[] = [];
  for (const [name, { wire }] of Object.entries({ first, second })) {
    const { send } = wire;
    wire.send = (size, deadline) => {
      const isWrite = wire.out[4] === 0x03;
      if (!isWrite) order.push(`${name} read`);
      else if (wire.out[5] === registers.p_coefficient.address) order.push(`${name} write`);
      send.call(wire, size, deadline);
    };
  }
  writeEeprom([change(first.bus, 1, "p_coefficient", 16), change(second.bus, 1, "p_coefficient", 16)]);
  expect(order).toEqual([
    "first read",
    "second read",
    "first write",
    "second write",
    "first read",
    "second read",
  ]);
});

test("a value whose acknowledgement is lost is not written again: it is verified once it has settled", () => {
  const { wire, bus } = arm();
  const { send } = wire;
  wire.send = (size, deadline) => {
    if (wire.out[4] === 0x03 && wire.out[5] === registers.p_coefficient.address) {
      wire.arm.faultsOf("shoulder_pan").drop = 1;
    }
    send.call(wire, size, deadline);
  };
  writeEeprom([change(bus, 1, "p_coefficient", 16)]);
  expect(wearOf(wire, 0)).toBe(1);
});

test("a servo that does not take a value is an error that names register and value", () => {
  const { wire, bus } = arm();
  const { send } = wire;
  wire.send = (size, deadline) => {
    if (wire.out[5] === registers.p_coefficient.address) wire.out[6] = 99;
    send.call(wire, size, deadline);
  };
  expect(() => writeEeprom([change(bus, 1, "p_coefficient", 16)])).toThrow(BusError);
});
