import { expect, test } from "bun:test";
import { Bus } from "../../../src/feetech/bus.ts";
import { sayProblem } from "../../../src/messages/problems.ts";
import { sayEnd } from "../../../src/messages/teleop.ts";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import { SimulatedTransport } from "../../../src/sim/testing/transport.ts";
import { ErrorBitWatch } from "../../../src/teleop/monitoring/error-bits.ts";
import { toldAlarms } from "../../support/told.ts";

function reports(role: "leader" | "follower" = "follower") {
  const clock = new VirtualClock();
  const bus = new Bus(new SimulatedTransport(undefined, undefined, clock), { access: "drive", clock });
  const { alarms, told, loud, notices } = toldAlarms(clock);
  const said = () =>
    loud().map(({ change, problem }) => (change === "raised" ? sayProblem(problem, {}) : sayEnd(problem)!));
  const arm = { role, id: "red" } as const;
  return { bus, clock, told, said, notices, make: () => new ErrorBitWatch(arm, bus, alarms) };
}

test("an error bit is told once while it lasts, with what to do, and once when it is over", () => {
  const { bus, said, make } = reports();
  const errors = make();
  bus.errorBytes[2] = 32;
  for (let tick = 0; tick < 5; tick++) errors.look();
  expect(said()).toEqual([
    expect.stringContaining('follower "red": shoulder_lift (id 2) reports an overload, and has'),
  ]);
  bus.errorBytes[2] = 0;
  for (let tick = 0; tick < 5; tick++) errors.look();
  expect(said().slice(1)).toEqual(['follower "red": shoulder_lift (id 2) no longer reports an overload']);
});

test("another bit of the same servo is told at once", () => {
  const { bus, told, make } = reports();
  const errors = make();
  bus.errorBytes[5] = 8;
  errors.look();
  bus.errorBytes[5] = 8 | 32;
  errors.look();
  expect(told.map(({ problem }) => [problem.code, problem.arm?.role])).toEqual([
    ["servo.overcurrent", "follower"],
    ["servo.overload", "follower"],
  ]);
});

test("a bit that flickers is no flood, neither for people nor for programs, and known when it rests", () => {
  const { bus, clock, told, said, make } = reports();
  const errors = make();
  for (let tick = 0; tick < 2_000; tick++) {
    bus.errorBytes[1] = tick % 2;
    errors.look();
    clock.pass(0.005);
  }
  expect(said().length).toBe(2);
  expect(told.length).toBeWithin(4, 16);
  for (let last = 1; last >= 0; last--) {
    bus.errorBytes[1] = last;
    clock.pass(5);
    errors.look();
    expect(told.at(-1)).toMatchObject({ change: last === 1 ? "raised" : "cleared" });
  }
});

test("what the checks before have told is not told again, but its end is known", () => {
  const { bus, told, said, make } = reports();
  bus.errorBytes[2] = 4;
  const errors = make();
  errors.look();
  bus.errorBytes[2] = 0;
  errors.look();
  expect(said()).toEqual([]);
  expect(told.map(({ problem, change }) => [problem.code, change])).toEqual([
    ["servo.overheats", "raised"],
    ["servo.overheats", "cleared"],
  ]);
});

test("a bit that nobody has named is told by its number", () => {
  const { bus, said, make } = reports();
  const errors = make();
  bus.errorBytes[3] = 64;
  errors.look();
  expect(said()[0]).toContain("error bit 64");
});

test("a follower's gripper that is overloaded is information, and no alarm", () => {
  const { bus, told, notices, make } = reports();
  const errors = make();
  for (let tick = 0; tick < 21; tick++) {
    bus.errorBytes[6] = (tick % 2) * 32;
    errors.look();
  }
  expect(notices).toMatchObject([
    { severity: "info", problem: { code: "servo.overload", joint: "gripper", holds: true } },
  ]);
  expect(told).toEqual([]);
});

test("… also when it is so at connect", () => {
  const { bus, told, notices, make } = reports();
  bus.errorBytes[6] = 32;
  make().look();
  expect(notices.map(({ severity }) => severity)).toEqual(["info"]);
  expect(told).toEqual([]);
});

test("that of a leader's gripper, which holds nothing, is an alarm", () => {
  const { bus, told, make } = reports("leader");
  const errors = make();
  bus.errorBytes[6] = 32;
  errors.look();
  expect(told.map(({ severity }) => severity)).toEqual(["warning"]);
});
