import { describe, expect, test } from "bun:test";
import { BROADCAST_ID, encodePacket, Instruction } from "../../../src/feetech/packet.ts";
import type { ArmName } from "../../../src/sim/arm/joints.ts";
import type { RecordEntry } from "../../../src/sim/record/entries.ts";
import {
  checkSafety,
  needlessWrites,
  SafetyCheck,
  type SafetyLimits,
} from "../../../src/sim/testing/safety.ts";
import { writeOf } from "../host.ts";

// In 10 ms, 360 °/s is 41 steps, 45 °/s is 5.
const limits: SafetyLimits = { followSpeedDegPerS: 360, alignSpeedDegPerS: 45, times: "of writing" };
const TICK_US = 10_000;

const request = (t: number, arm: ArmName, id: number, instruction: number, params: number[]): RecordEntry => {
  const packet = new Uint8Array(params.length + 6);
  encodePacket(packet, id, instruction, params);
  return { t, arm, kind: "request", hex: packet.toHex(), firstT: t, lastT: t };
};
const energised = (t: number, goal: number, position = goal): RecordEntry => ({
  t,
  kind: "event",
  arm: "follower",
  joint: "gripper",
  event: "energised",
  cause: "request",
  goal,
  position,
  goalVelocity: 0,
});
const goal = (t: number, steps: number): RecordEntry =>
  request(t, "follower", BROADCAST_ID, Instruction.syncWrite, [42, 2, 6, steps & 0xff, steps >> 8]);
/** The leader's gripper says where it is. */
const reading = (t: number): RecordEntry => {
  const packet = new Uint8Array(8);
  encodePacket(packet, 6, 0, [0, 8]);
  return { t, arm: "leader", kind: "reply", hex: packet.toHex(), firstT: t, lastT: t };
};
/** The gripper is energised at 2000 and given these goals, one a tick. */
const goals = (...steps: number[]): RecordEntry[] => [
  energised(0, 2000),
  ...steps.map((each, i) => goal((i + 1) * TICK_US, each)),
];
const rules = (entries: RecordEntry[], with_ = limits) => checkSafety(entries, with_).map(({ rule }) => rule);

describe("the leader", () => {
  test.each([
    ["a write", 1, Instruction.write, writeOf("goal_position", 2000)],
    ["a write of its goal's high byte", 1, Instruction.write, [43, 7]],
    ["a write of its goal time", 1, Instruction.write, writeOf("goal_time", 1)],
    ["a write of its goal velocity", 1, Instruction.write, writeOf("goal_velocity", 1)],
    ["a block that contains it", 1, Instruction.write, [40, 0, 254, 0, 8]],
    ["a held write", 1, 0x04, writeOf("goal_position", 2000)],
    ["a broadcast", BROADCAST_ID, Instruction.write, writeOf("goal_position", 2000)],
    ["a sync write", BROADCAST_ID, Instruction.syncWrite, [42, 2, 1, 0, 8]],
  ])("must not be given a goal by %s", (_, id, instruction, params) => {
    expect(rules([request(0, "leader", id, instruction, params)])).toEqual(["leader was given a goal"]);
  });

  test.each([
    ["a write", 1, Instruction.write, [40, 1]],
    ["a block", 1, Instruction.write, [39, 10, 1]],
    ["a broadcast", BROADCAST_ID, Instruction.write, [40, 1]],
    ["a sync write, of one servo among others", BROADCAST_ID, Instruction.syncWrite, [40, 1, 1, 0, 2, 1]],
  ])("must not be given torque by %s", (_, id, instruction, params) => {
    expect(rules([request(0, "leader", id, instruction, params)])).toEqual(["leader was given torque"]);
  });

  test("may be made limp, configured and read", () => {
    expect(
      rules([
        request(0, "leader", BROADCAST_ID, Instruction.syncWrite, [40, 2, 1, 0, 254, 2, 0, 254]),
        request(1, "leader", 1, Instruction.write, writeOf("acceleration", 254)),
        request(2, "leader", 1, Instruction.write, writeOf("torque_limit", 1000)),
        request(3, "leader", 1, Instruction.read, [42, 2]),
      ]),
    ).toEqual([]);
  });
});

describe("the follower", () => {
  test("may be energised with the limit that firmware makes of a goal beside it, near and as slowly as it aligns", () => {
    const clamped = (position: number, goalVelocity: number): RecordEntry =>
      ({ ...energised(0, 2000, position), nearest: true, goalVelocity }) as RecordEntry;
    expect(rules([clamped(1943, 640)])).toEqual([]);
    expect(rules([clamped(1943, 641)])).toEqual(["energised away from its goal"]);
    expect(rules([clamped(1943, 0)])).toEqual(["energised away from its goal"]);
    expect(rules([clamped(1942, 640)])).toEqual(["energised away from its goal"]);
  });

  test("may be energised away from its goal without any force, and must not get any then", () => {
    const powerless = { ...energised(0, 2000, 1500), powerless: true } as RecordEntry;
    const limit = request(2, "follower", 6, Instruction.write, writeOf("torque_limit", 500));
    const limp = { t: 1, kind: "event", arm: "follower", joint: "gripper", event: "limp", position: 1500 };
    expect(rules([powerless, limp as RecordEntry, limit])).toEqual([]);
    expect(rules([powerless, limit])).toEqual(["energised away from its goal"]);
  });

  test("must not be energised away from its goal", () => {
    expect(rules([energised(0, 2000, 2010)])).toEqual([]);
    expect(rules([energised(0, 2000, 2011)])).toEqual(["energised away from its goal"]);
    expect(rules([energised(0, 2000, 2011)], { ...limits, energiseToleranceSteps: 20 })).toEqual([]);
  });

  test("is not blamed for firmware that comes up energised, nor for the goal that cures it", () => {
    const byItself = { ...energised(0, 2048, 900), cause: "power" } as RecordEntry;
    expect(rules([byItself, goal(TICK_US, 950), goal(2 * TICK_US, 955)])).toEqual([]);
    expect(rules([byItself, goal(TICK_US, 950), goal(2 * TICK_US, 1100)])).toEqual(["goal jumped"]);
  });

  test("aligns no faster than the aligning speed", () => {
    expect(rules(goals(2000, 2005, 2010, 2015, 2020, 2026))).toEqual([]);
    expect(rules(goals(2000, 2005, 2010, 2017))).toEqual(["goal jumped"]);
    expect(rules(goals(2040))).toEqual(["goal jumped"]);
  });

  test("may follow at the following speed once its goal has met the leader", () => {
    expect(rules(goals(2005, 2010, 2011, 2011, 2050, 2091))).toEqual([]);
    expect(rules(goals(2005, 2010, 1975, 1940))).toEqual([]);
    expect(rules(goals(2005, 2010, 2011, 2011, 2054))).toEqual(["goal jumped"]);
  });

  test("may have met where the leader was a while ago, if that one is of another machine", () => {
    const table = Float64Array.from({ length: 4096 }, (_, raw) => raw);
    const targets = [[], [], [], [], [], table];
    const at = (t: number, steps: number): RecordEntry => {
      const packet = new Uint8Array(8);
      encodePacket(packet, 6, 0, [steps & 0xff, steps >> 8]);
      return { t, arm: "leader", kind: "reply", hex: packet.toHex(), firstT: t, lastT: t };
    };
    // Two ticks up the ramp, then as fast as the leader, which is 100 steps ahead by now.
    const entries = [
      energised(0, 2000),
      ...[2011, 2050, 2090, 2130].map((steps, i) => at(1 + i * TICK_US, steps)),
      ...[2005, 2010, 2050, 2090].map((steps, i) => goal((i + 1) * TICK_US + 2, steps)),
    ].sort((a, b) => a.t - b.t);
    expect(rules(entries, { ...limits, targets, targetsOfMs: 50 })).toEqual([]);
    expect(rules(entries, { ...limits, targets })).toContain("goal jumped");
  });

  test("whose leader is on another machine may have goals noted at once that came while nobody noted anything", () => {
    const byArrival: SafetyLimits = { followSpeedDegPerS: 360, targetsOfMs: 150 };
    const bunch = (goals: number) => [
      energised(899_000, 2000),
      goal(900_000, 2001),
      ...Array.from({ length: goals }, (_, i) => goal(1_000_000 + i, 2201 + i * 200)),
    ];
    // 360 °/s are 41 steps in 10 ms: 409 in the 100 ms of which nothing is noted, and 205 in the 50 that may be late anyway.
    expect(rules(bunch(4), byArrival)).toEqual([]);
    expect(rules(bunch(5), byArrival)).toContain("goals too fast");
    expect(rules(bunch(4), { followSpeedDegPerS: 360 })).toContain("goals too fast");
  });

  test("without an aligning speed only has the following speed to keep", () => {
    const { alignSpeedDegPerS: _, ...follow } = limits;
    expect(rules(goals(2041, 2082), follow)).toEqual([]);
    expect(rules(goals(2000, 2050), follow)).toEqual(["goal jumped"]);
  });

  test("must not be given more goals a second than the speed allows, each small enough by itself", () => {
    const follow: SafetyLimits = { followSpeedDegPerS: 360 };
    const hasty = [energised(0, 0)];
    for (let i = 1; i <= 50; i++) hasty.push(goal(i * 1000, i * 20)); // 20 steps each ms: 5 times too fast
    expect(rules(hasty, follow)).toContain("goals too fast");
    const late = goals(...Array.from({ length: 50 }, (_, i) => 2000 + 41 * (i + 1)));
    late[20] = { ...late[20]!, t: 21 * TICK_US - 1 } as RecordEntry; // one tick late, the next in time
    expect(rules(late, follow)).toEqual([]);
  });

  test("may be given what the time since the goal before allows, up to 50 ms of it", () => {
    const follow: SafetyLimits = { followSpeedDegPerS: 360, times: "of writing" };
    const after = (ms: number, steps: number) =>
      rules([energised(0, 2000), goal(1_000, 2000), goal(1_000 + ms * 1e3, 2000 + steps)], follow);
    expect([after(5, 21), after(5, 22)]).toEqual([[], ["goal jumped"]]);
    expect([after(20, 82), after(20, 83)]).toEqual([[], ["goal jumped"]]);
    expect([after(50, 205), after(50, 206)]).toEqual([[], ["goal jumped"]]);
    expect([after(1000, 205), after(1000, 206)]).toEqual([[], ["goal jumped"]]);
  });

  test("may have been given a goal that arrives late before, but not before the leader was read", () => {
    const follow: SafetyLimits = { followSpeedDegPerS: 360 };
    /** Goals that arrive 1 ms after the leader was read, each 10 ms; the sixth so much later, in ms. */
    const late = (ms: number, steps: number) => {
      const entries = [energised(0, 2000)];
      for (let tick = 1; tick <= 5; tick++) {
        entries.push(reading(tick * TICK_US), goal(tick * TICK_US + 1_000, 2000));
      }
      entries.push(reading(6 * TICK_US), goal(6 * TICK_US + 1_000 + ms * 1e3, 2000 + steps));
      return rules(entries, follow);
    };
    // The goal before was written at most one reading earlier than it seems.
    expect([late(0, 86), late(0, 88)]).toEqual([[], ["goal jumped"]]);
    expect([late(10, 127), late(10, 129)]).toEqual([[], ["goal jumped"]]);
    expect([late(100, 205), late(100, 206)]).toEqual([[], ["goal jumped"]]);
  });

  test("begins anew after torque was off", () => {
    const limp: RecordEntry = {
      t: 1,
      kind: "event",
      arm: "follower",
      joint: "gripper",
      event: "limp",
      position: 1,
    };
    expect(rules([...goals(2001), limp, goal(TICK_US, 3000), energised(TICK_US, 3000)])).toEqual([]);
  });

  test("is watched through a write, a block and a broadcast, too", () => {
    for (const [id, params] of [
      [6, [42, 0, 12]],
      [6, [41, 254, 0, 12, 0, 0]],
      [BROADCAST_ID, [42, 0, 12]],
    ] as const) {
      const entry = request(TICK_US, "follower", id, Instruction.write, [...params]);
      expect(rules([energised(0, 2000), entry])).toEqual(["goal jumped"]);
    }
  });
});

describe("a follower that was asked", () => {
  const asked = (t: number) => request(t, "follower", BROADCAST_ID, Instruction.syncRead, [40, 2, 5, 6]);
  const answer = (t: number, id: number): RecordEntry => {
    const packet = new Uint8Array(8);
    encodePacket(packet, id, 0, [1, 254]);
    return { t, arm: "follower", kind: "reply", hex: packet.toHex(), firstT: t, lastT: t };
  };

  test("may get goals for 50 ms while its answer is owed, and none after that until all have answered", () => {
    const owed = "goal to a servo that owes an answer";
    expect(rules([energised(0, 2000), asked(1_000), goal(50_000, 2000)])).toEqual([]);
    // What is read late by a busy machine was sent in time.
    expect(rules([energised(0, 2000), asked(1_000), goal(61_000, 2000)])).toEqual([]);
    expect(rules([energised(0, 2000), asked(1_000), goal(61_001, 2000)])).toEqual([owed]);
    const one = [energised(0, 2000), asked(1_000), answer(20_000, 5), goal(70_000, 2000)];
    expect(rules(one)).toEqual([owed]);
    const late = [energised(0, 2000), asked(1_000), answer(70_000, 5), answer(70_000, 6)];
    expect(rules([...late, goal(69_000, 2000)])).toEqual([owed]);
    expect(rules([...late, goal(75_000, 2000)])).toEqual([]);
    // A fault of the simulator's that delays a reply hands it to the host as something of its own.
    const delayed = late.map((entry) => (entry.kind === "reply" ? { ...entry, kind: "injected" } : entry));
    expect(rules([...(delayed as RecordEntry[]), goal(75_000, 2000)])).toEqual([]);
  });

  test("got its goals at some time in which nothing is noted, where two programs speak all the time", () => {
    const owed = "goal to a servo that owes an answer";
    const other = (t: number) => request(t, "leader", BROADCAST_ID, Instruction.syncRead, [56, 2, 1]);
    const ofTwo: SafetyLimits = { followSpeedDegPerS: 360, targetsOfMs: 150 };
    const starved = [energised(0, 2000), asked(1_000), other(40_000), goal(80_000, 2000)];
    expect(rules(starved, ofTwo)).toEqual([]);
    expect(rules(starved)).toEqual([owed]);
    // What it notes then, it notes in time again.
    expect(rules([...starved, goal(80_100, 2000)], ofTwo)).toEqual([owed]);
    expect(rules([energised(0, 2000), asked(1_000), other(70_000), goal(85_000, 2000)], ofTwo)).toEqual([
      owed,
    ]);
  });

  test("owes nothing where the record notes its answer after what came later", () => {
    const owed = "goal to a servo that owes an answer";
    const goals = [energised(0, 2000), asked(1_000), goal(70_000, 2000)];
    expect(rules([...goals, answer(2_300, 5), answer(2_400, 6)])).toEqual([]);
    expect(rules([...goals, answer(2_300, 5)])).toEqual([owed]);
    expect(rules([...goals, answer(71_000, 5), answer(71_000, 6)])).toEqual([owed]);
  });

  test("must not get goals while its answer is on the line", () => {
    const met = (packet: RecordEntry, isExact = true): RecordEntry[] => {
      const { hex } = packet as { hex: string };
      return [{ t: 1, arm: "follower", kind: "event", event: "collision", hex, isExact }];
    };
    expect(rules(met(goal(1, 2000)))).toEqual(["goal met a reply on the line"]);
    expect(rules(met(asked(1)))).toEqual([]);
    expect(rules(met(goal(1, 2000), false))).toEqual([]);
  });
});

test.each([0x06, 0x0a])("instruction %i is forbidden on either arm", (instruction) => {
  for (const arm of ["leader", "follower"] as const) {
    expect(rules([request(0, arm, 1, instruction, [])])).toEqual(["forbidden instruction"]);
  }
});

test("torque enable 128 is forbidden", () => {
  expect(rules([request(0, "follower", 1, Instruction.write, [40, 128])])).toEqual(["torque enable 128"]);
});

test("says which joint broke which rule, and when", () => {
  expect(checkSafety(goals(2040), limits)[0]).toEqual({
    t: TICK_US,
    arm: "follower",
    joint: "gripper",
    rule: "goal jumped",
    message: "from 2000 to 2040 while aligning: 45 °/s allows 5.1 steps",
  });
});

test("EEPROM writes that change nothing are told apart, and are no violation", () => {
  const write = (before: number, persisted: boolean): RecordEntry => ({
    t: 5,
    kind: "event",
    arm: "leader",
    joint: "elbow_flex",
    event: "eeprom",
    register: "phase",
    before,
    after: 12,
    persisted,
  });
  const entries = [write(12, true), write(28, true), write(12, false)];
  expect(needlessWrites(entries)).toEqual([
    { t: 5, arm: "leader", joint: "elbow_flex", register: "phase", value: 12 },
  ]);
  expect(rules(entries)).toEqual([]);
});

describe("a follower that somebody beside the leader drives", () => {
  const judged = (to: number, steps: readonly number[]) => {
    const check = new SafetyCheck(limits);
    check.see(energised(0, 2000));
    check.given(0, [0, 0, 0, 0, 0, 2000]);
    check.see(goal(TICK_US, 2000));
    check.aligns();
    check.given(TICK_US, [0, 0, 0, 0, 0, to]);
    for (const [i, each] of steps.entries()) check.see(goal((i + 2) * TICK_US, each));
    return check.violations.map(({ rule }) => rule);
  };

  test("aligns with what it is given at the aligning speed, and follows from then on", () => {
    expect(judged(2012, [2005, 2010, 2012, 2012])).toEqual([]);
    expect(judged(2100, [2005, 2030])).toEqual(["goal jumped"]);
  });

  test("is not judged by where the leader is, unless that drives", () => {
    const check = new SafetyCheck({
      ...limits,
      targets: Array.from({ length: 6 }, () => new Int16Array(4096).fill(2030)),
    });
    check.isLed = false;
    check.see(energised(0, 2000));
    check.given(0, [0, 0, 0, 0, 0, 2100]);
    check.see(reading(TICK_US / 2));
    check.see(goal(TICK_US, 2005));
    // It would have met the leader's pose here, and might follow faster.
    check.see(goal(2 * TICK_US, 2030));
    expect(check.violations.map(({ rule }) => rule)).toEqual(["goal jumped"]);
  });
});
