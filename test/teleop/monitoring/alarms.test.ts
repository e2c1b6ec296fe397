import { expect, test } from "bun:test";
import type { Problem } from "../../../src/teleop/reporting/problem.ts";
import { toldAlarms } from "../../support/told.ts";

const arm = { role: "follower", id: "red" } as const;
const warm: Problem = { code: "servo.hot", arm, joint: "gripper", celsius: 57 };
const cool: Problem = { ...warm, celsius: 50 };

test("what lasts is told when it is raised and when it is cleared", () => {
  const { told, alarms } = toldAlarms();
  alarms.raise("a", "warning", warm);
  alarms.raise("a", "warning", warm);
  alarms.clear("a", cool);
  alarms.clear("a", cool);
  expect(told).toEqual([
    { kind: "alarm", change: "raised", severity: "warning", name: "a", problem: warm },
    { kind: "alarm", change: "cleared", severity: "info", name: "a", problem: cool },
  ]);
});

test("what comes again at once is known, and not told aloud again", () => {
  const { told, alarms } = toldAlarms();
  for (let round = 0; round < 3; round++) {
    alarms.raise("a", "warning", warm);
    alarms.clear("a", cool);
  }
  expect(told.map(({ quiet, change }) => [quiet, change])).toEqual([
    [undefined, "raised"],
    [undefined, "cleared"],
    [true, "raised"],
    [true, "cleared"],
    [true, "raised"],
    [true, "cleared"],
  ]);
});

test("what comes again after a while is told aloud, with how often it was not", () => {
  const { clock, loud, alarms } = toldAlarms();
  for (let round = 0; round < 3; round++) {
    alarms.raise("a", "warning", warm);
    alarms.clear("a", cool);
  }
  clock.pass(9.9);
  alarms.raise("a", "warning", warm);
  alarms.clear("a", cool);
  expect(loud().length).toBe(2);
  clock.pass(0.1);
  alarms.raise("a", "warning", warm);
  expect(loud().at(-1)).toMatchObject({ change: "raised", untold: 3 });
});

test("what has been told in other words is not told again, nor its end", () => {
  const { told, alarms } = toldAlarms();
  alarms.raiseQuietly("a", "warning", warm);
  alarms.clear("a", cool);
  expect(told.map(({ quiet }) => quiet)).toEqual([true, true]);
});

test("what an arm had is over when the arm is gone", () => {
  const { told, alarms } = toldAlarms();
  alarms.raise("leader.a", "warning", warm);
  alarms.raise("follower.a", "warning", warm);
  alarms.raise("follower.b", "warning", warm);
  alarms.clearQuietly("follower.");
  expect(told.slice(3).map(({ name, change, quiet }) => [name, change, quiet])).toEqual([
    ["follower.a", "cleared", true],
    ["follower.b", "cleared", true],
  ]);
  alarms.clear("leader.a", cool);
  expect(told.at(-1)).toMatchObject({ name: "leader.a", change: "cleared" });
});

test("what comes and goes for ever is a few messages, and known when it rests", () => {
  const { clock, told, loud, alarms } = toldAlarms();
  for (let tick = 0; tick < 200_000; tick++) {
    if (tick % 2 === 0) alarms.raise("a", "warning", warm);
    else alarms.clear("a", cool);
    if (tick % 16 === 0) alarms.look();
    clock.pass(0.005);
  }
  // A thousand seconds.
  expect(told.length).toBeWithin(200, 430);
  expect(loud().length).toBeWithin(100, 220);
  alarms.raise("a", "warning", warm);
  clock.pass(5);
  alarms.look();
  expect(told.at(-1)).toMatchObject({ change: "raised" });
  expect(alarms.isActive("a")).toBe(true);
});
