import { expect, test } from "bun:test";
import { Bus } from "../../src/feetech/bus.ts";
import { SimulatedWire } from "../../src/sim/wire.ts";
import { ErrorReports } from "../../src/teleop/errors.ts";

const SECOND_US = 1e6;

function reports() {
  const bus = new Bus(new SimulatedWire(), { access: "drive", nameOf: (id) => `servo ${id} of the arm` });
  const told: string[] = [];
  const tell = (event: { message?: string }) => told.push(event.message!);
  return { bus, told, make: () => new ErrorReports(bus, tell as never) };
}

test("an error bit is told once while it lasts, with what to do", () => {
  const { bus, told, make } = reports();
  const errors = make();
  bus.errorBytes[6] = 32;
  for (let tick = 0; tick < 5; tick++) errors.report(tick * SECOND_US);
  expect(told).toEqual([expect.stringContaining("servo 6 of the arm reports an overload — check")]);
});

test("another bit of the same servo is told at once", () => {
  const { bus, told, make } = reports();
  const errors = make();
  bus.errorBytes[6] = 8;
  errors.report(0);
  bus.errorBytes[6] = 8 | 32;
  errors.report(SECOND_US);
  expect(told.length).toBe(2);
  expect(told[1]).toContain("overload");
});

test("a bit that flickers is told every ten seconds at most", () => {
  const { bus, told, make } = reports();
  const errors = make();
  for (let tick = 0; tick < 210; tick++) {
    bus.errorBytes[1] = tick % 2;
    errors.report(tick * 0.1 * SECOND_US);
  }
  expect(told.length).toBe(3);
});

test("what was there before is not told again", () => {
  const { bus, told, make } = reports();
  bus.errorBytes[2] = 4;
  make().report(0);
  expect(told).toEqual([]);
});

test("a bit that nobody has named is told by its number", () => {
  const { bus, told, make } = reports();
  const errors = make();
  bus.errorBytes[3] = 64;
  errors.report(0);
  expect(told[0]).toContain("error bit 64");
});
