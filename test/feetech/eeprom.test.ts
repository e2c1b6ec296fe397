import { expect, test } from "bun:test";
import { Bus } from "../../src/feetech/bus.ts";
import { BusError } from "../../src/feetech/bus-error.ts";
import { type EepromChange, writeEeprom } from "../../src/feetech/eeprom.ts";
import { type RegisterName, registers } from "../../src/feetech/registers.ts";
import { VirtualClock } from "../../src/sim/testing/clock.ts";
import { SimulatedTransport } from "../../src/sim/testing/transport.ts";

function arm(clock = new VirtualClock()) {
  const transport = new SimulatedTransport(undefined, undefined, clock);
  return { transport, bus: new Bus(transport, { clock: transport.clock, access: "torque off" }) };
}

const change = (bus: Bus, id: number, register: RegisterName, value: number): EepromChange => ({
  bus,
  id,
  register,
  value,
});

const wearOf = (transport: SimulatedTransport, joint: number) =>
  transport.arm.servos[joint]!.wear.reduce((sum, n) => sum + n, 0);
const writesIn = (transport: SimulatedTransport) =>
  transport.sent.filter((request) => request[4] === 0x03).length;

test("what differs is written and persists; what does not is left alone", () => {
  const { transport, bus } = arm();
  const written = writeEeprom([
    change(bus, 1, "return_delay_time", 0),
    change(bus, 1, "operating_mode", 0),
    change(bus, 2, "return_delay_time", 250),
  ]);
  expect(written).toBe(1);
  expect(wearOf(transport, 0)).toBe(1);
  expect(wearOf(transport, 1)).toBe(0);
  expect(transport.arm.servos[0]!.save().eeprom[registers.return_delay_time.address]).toBe(0);
});

test("where nothing differs nothing at all is written, not even the lock", () => {
  const { transport, bus } = arm();
  expect(writeEeprom([change(bus, 1, "return_delay_time", 250)])).toBe(0);
  expect(writesIn(transport)).toBe(0);
});

test("the lock is closed again", () => {
  const { bus } = arm();
  writeEeprom([change(bus, 1, "return_delay_time", 0)]);
  expect(bus.read(1, "lock")).toBe(1);
});

test("two arms are written before either is verified", () => {
  const clock = new VirtualClock();
  const [first, second] = [arm(clock), arm(clock)];
  const order: string[] = [];
  for (const [name, { transport }] of Object.entries({ first, second })) {
    const { send } = transport;
    transport.send = (size, deadline) => {
      const isWrite = transport.out[4] === 0x03;
      if (!isWrite) order.push(`${name} read`);
      else if (transport.out[5] === registers.p_coefficient.address) order.push(`${name} write`);
      send.call(transport, size, deadline);
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
  const { transport, bus } = arm();
  const { send } = transport;
  transport.send = (size, deadline) => {
    if (transport.out[4] === 0x03 && transport.out[5] === registers.p_coefficient.address) {
      transport.arm.faultsOf("shoulder_pan").drop = 1;
    }
    send.call(transport, size, deadline);
  };
  writeEeprom([change(bus, 1, "p_coefficient", 16)]);
  expect(wearOf(transport, 0)).toBe(1);
});

test("a servo that does not take a value is an error that names register and value", () => {
  const { transport, bus } = arm();
  const { send } = transport;
  transport.send = (size, deadline) => {
    if (transport.out[5] === registers.p_coefficient.address) transport.out[6] = 99;
    send.call(transport, size, deadline);
  };
  expect(() => writeEeprom([change(bus, 1, "p_coefficient", 16)])).toThrow(BusError);
});
