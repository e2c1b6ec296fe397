import { expect, test } from "bun:test";
import { Bus } from "../../../src/feetech/bus.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import type { Notice } from "../../../src/teleop/events.ts";
import { Episodes } from "../../../src/teleop/monitoring/alarms.ts";
import { ErrorReports } from "../../../src/teleop/monitoring/error-bits.ts";

function reports() {
  const bus = new Bus(new SimulatedTransport(), {
    access: "drive",
    nameOf: (id) => `servo ${id} of the arm`,
  });
  const told: Notice[] = [];
  const episodes = new Episodes((event) => event.kind === "notice" && told.push(event));
  const loud = () => told.filter(({ quiet }) => !quiet).map(({ message }) => message);
  return { bus, told, loud, make: () => new ErrorReports("follower", bus, episodes) };
}

test("an error bit is told once while it lasts, with what to do, and once when it is over", () => {
  const { bus, loud, make } = reports();
  const errors = make();
  bus.errorBytes[6] = 32;
  for (let tick = 0; tick < 5; tick++) errors.report();
  expect(loud()).toEqual([expect.stringContaining("servo 6 of the arm reports an overload — check")]);
  bus.errorBytes[6] = 0;
  for (let tick = 0; tick < 5; tick++) errors.report();
  expect(loud().slice(1)).toEqual(["servo 6 of the arm no longer reports an overload"]);
});

test("another bit of the same servo is told at once", () => {
  const { bus, told, make } = reports();
  const errors = make();
  bus.errorBytes[6] = 8;
  errors.report();
  bus.errorBytes[6] = 8 | 32;
  errors.report();
  expect(told.map(({ code, role }) => [code, role])).toEqual([
    ["servo.overcurrent", "follower"],
    ["servo.overload", "follower"],
  ]);
});

test("a bit that flickers is no flood for people, and yet known to whoever asks what holds", () => {
  const { bus, told, loud, make } = reports();
  const errors = make();
  for (let tick = 0; tick < 21; tick++) {
    bus.errorBytes[1] = tick % 2;
    errors.report();
  }
  expect(loud().length).toBe(2);
  expect(told.filter(({ over }) => over).length).toBe(10);
  expect(told.filter(({ over }) => !over).length).toBe(10);
});

test("what the checks before have told is not told again, but its end is known", () => {
  const { bus, told, loud, make } = reports();
  bus.errorBytes[2] = 4;
  const errors = make();
  errors.report();
  bus.errorBytes[2] = 0;
  errors.report();
  expect(loud()).toEqual([]);
  expect(told.map(({ code, over }) => [code, over])).toEqual([
    ["servo.overheats", undefined],
    ["servo.overheats", true],
  ]);
});

test("a bit that nobody has named is told by its number", () => {
  const { bus, loud, make } = reports();
  const errors = make();
  bus.errorBytes[3] = 64;
  errors.report();
  expect(loud()[0]).toContain("error bit 64");
});
