/** What a pair does with a gripper that holds something, in virtual time: what it holds is never let go by a cure. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { RecordEntry } from "../../src/sim/record/entries.ts";
import type { Actuator, OverloadCure } from "../../src/sim/servo/actuator.ts";
import type { PairSettings } from "../../src/teleop/settings.ts";
import { VirtualPair } from "../support/virtual-pair.ts";

// Much virtual time, on machines that are busy.
setDefaultTimeout(60_000);

const GRIPPER = 5;
const FOLLOWS_S = 5;
/** Where the follower's gripper meets the object, … */
const OBJECT = 2_600;
/** … where it is wanted when the leader's squeezes, 44° further, and wide open. */
const SQUEEZED = 2_100;
const OPEN = 3_100;

/** A pair whose follower's gripper closes on an object at `FOLLOWS_S`; `cure` is what ends its overloads. */
function grasping(cure: OverloadCure, settings: Partial<PairSettings> = {}) {
  const it = new VirtualPair({ settings });
  const { actuator } = it.arms.boards.follower.arm.servos[GRIPPER]!;
  actuator.overloadCure = cure;
  it.at(0, () => want(it, OPEN));
  it.at(FOLLOWS_S, () => {
    actuator.motor.block(actuator.shaftAt(OBJECT));
    want(it, SQUEEZED);
  });
  return { it, actuator };
}

/** Has a hand bring the leader's gripper to where the follower's is wanted at `steps`. */
function want(it: VirtualPair, steps: number, degPerS = 200): void {
  const { actuator } = it.arms.boards.leader.arm.servos[GRIPPER]!;
  const [leader, follower] = [[2019, 3287] as const, [1984, 3461] as const];
  const share = (steps - follower[0]) / (follower[1] - follower[0]);
  const to = Math.round(leader[0] + share * (leader[1] - leader[0]));
  actuator.motor.push(actuator.shaftAt(to), (degPerS / 360) * 4096);
}

/** The leader is away for a while, and is somewhere else when it is back. */
function realignFar(it: VirtualPair): void {
  it.arms.boards.leader.lose = 60;
  it.arms.boards.leader.arm.servos[2]!.actuator.motor.position -= 1_000;
}

/** What happened to the follower's gripper. */
function eventsOf(it: VirtualPair, event: string): RecordEntry[] {
  return it.arms.record.filter(
    (entry) =>
      entry.kind === "event" &&
      entry.arm === "follower" &&
      entry.event === event &&
      entry.joint === "gripper",
  );
}

/** When something that happens so many seconds after the start stands in the record. */
function atUs(it: VirtualPair, seconds: number): number {
  return it.clock.nowUs() - (it.nowS - seconds) * 1e6;
}

/** Samples, in ‰, how hard the follower's gripper presses, from a time to another, s after the start. */
function loads(it: VirtualPair, actuator: Actuator, fromS: number, toS: number): number[] {
  const sampled: number[] = [];
  for (let atS = fromS; atS < toS; atS += 0.01) {
    it.at(atS, () => {
      actuator.advance(it.clock.nowUs());
      sampled.push(Math.abs(actuator.motor.load));
    });
  }
  return sampled;
}

/** The protective torque, ‰: what is left of a gripper's 500 once it is overloaded. */
const PROTECTIVE = 200;

describe("a gripper that squeezes an object as LeRobot's settings have it", () => {
  test.each(["goal", "torque", "power"] as const)(
    "is overloaded, and presses for as long as it is wanted narrower (%s)",
    async (cure) => {
      const { it, actuator } = grasping(cure);
      using _ = it;
      const sampled = loads(it, actuator, FOLLOWS_S + 2, FOLLOWS_S + 30);
      await it.runFor(FOLLOWS_S + 30);
      expect(eventsOf(it, "overload").length).toBeGreaterThan(0);
      expect(Math.min(...sampled)).toBe(PROTECTIVE);
      expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
      const told = it.events.flatMap(({ event }) =>
        "problem" in event && event.problem.code === "servo.overload" ? [event] : [],
      );
      expect(told).toMatchObject([{ kind: "notice", severity: "info" }]);
    },
  );

  test("whose overload only new torque ends gets that once it is open and idle, while the pair follows", async () => {
    const { it, actuator } = grasping("torque");
    using _ = it;
    it.at(FOLLOWS_S + 6, () => want(it, OPEN));
    await it.runFor(FOLLOWS_S + 9);
    const [off, ...again] = eventsOf(it, "limp").filter(({ t }) => t < atUs(it, FOLLOWS_S + 9));
    expect(off?.t).toBeWithin(atUs(it, FOLLOWS_S + 6), atUs(it, FOLLOWS_S + 8));
    expect((off as { position: number }).position).toBeWithin(OPEN - 10, OPEN + 10);
    expect(again).toEqual([]);
    expect(actuator.overloaded).toBe(false);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });

  test("that has no force left when it is to open gets it back, and opens", async () => {
    const { it, actuator } = grasping("torque");
    using _ = it;
    it.arms.boards.follower.arm.servos[GRIPPER]!.setValues({ protective_torque: 0 });
    it.at(FOLLOWS_S + 6, () => want(it, OPEN));
    let opened = 0;
    it.at(FOLLOWS_S + 9, () => {
      actuator.advance(it.clock.nowUs());
      opened = actuator.position;
    });
    await it.runFor(FOLLOWS_S + 9);
    expect(opened).toBeWithin(OPEN - 10, OPEN + 10);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });

  test("whose overload nothing but a loss of power ends is told of once, and keeps its torque again", async () => {
    const { it } = grasping("power");
    using _ = it;
    it.at(FOLLOWS_S + 6, () => want(it, OPEN));
    await it.runFor(FOLLOWS_S + 120);
    expect(it.codes().filter((code) => code === "servo.overload-stays")).toHaveLength(1);
    expect(eventsOf(it, "limp").length).toBeLessThanOrEqual(4);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });

  test("holds on while the leader is away, and when it is back", async () => {
    const { it, actuator } = grasping("torque");
    using _ = it;
    it.at(FOLLOWS_S + 5, () => {
      it.arms.boards.leader.isPlugged = false;
    });
    it.at(FOLLOWS_S + 10, () => {
      it.arms.boards.leader.isPlugged = true;
    });
    const sampled = loads(it, actuator, FOLLOWS_S + 2, FOLLOWS_S + 20);
    await it.runFor(FOLLOWS_S + 20);
    expect(Math.min(...sampled)).toBe(PROTECTIVE);
    expect(it.states(FOLLOWS_S + 10)).toEqual(["connecting", "aligning", "following", "stopped"]);
  });

  test("keeps the others from nothing while it is held across a realignment, and that is said", async () => {
    const { it } = grasping("torque");
    using _ = it;
    it.at(FOLLOWS_S + 3, () => {
      it.arms.boards.leader.lose = 60;
    });
    await it.runFor(FOLLOWS_S + 8);
    expect(it.states(FOLLOWS_S)).toEqual(["holding", "aligning", "following", "stopped"]);
    expect(it.events.flatMap(({ event }) => ("reasons" in event ? event.reasons : []))).toContainEqual({
      code: "pair.following",
      stopped: ["gripper"],
    });
  });
});

test("a joint other than the gripper that is overloaded keeps its torque and its goal, and is told of once", async () => {
  using it = new VirtualPair();
  const { actuator } = it.arms.boards.follower.arm.servos[1]!;
  actuator.overloadCure = "power";
  it.at(FOLLOWS_S, () => actuator.latchOverload());
  const before = () => it.memory.telemetry.joint("follower", 1, "goal");
  const goals: number[] = [];
  for (let atS = FOLLOWS_S; atS < FOLLOWS_S + 60; atS += 0.1) it.at(atS, () => goals.push(before()));
  await it.runFor(FOLLOWS_S + 60);
  expect(new Set(goals).size).toBe(1);
  const about = it.events.flatMap(({ event }) =>
    "problem" in event && event.problem.joint === "shoulder_lift" ? [event.problem.code] : [],
  );
  expect(about).toEqual(["servo.overload"]);
  expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
});

describe("a gripper that holds an object", () => {
  test.each([
    ["stop", "following"],
    ["handOver", "following"],
    ["stop", "aligning"],
    ["handOver", "aligning"],
    ["stop", "waiting"],
  ] as const)("goes on pressing when the program ends by %s while it is %s", async (ending, state) => {
    const { it, actuator } = grasping("torque", { onStop: "hold", alignSpeedDegPerS: 10 });
    using _ = it;
    // Realigned, another joint takes its time.
    if (state === "aligning") it.at(FOLLOWS_S + 3, () => realignFar(it));
    if (state === "waiting")
      it.at(FOLLOWS_S + 4, () => {
        it.arms.boards.leader.isPlugged = false;
      });
    const endS = FOLLOWS_S + 4.5;
    const sampled = loads(it, actuator, FOLLOWS_S + 2, endS + 4);
    it.at(endS, () => it.memory.mailbox.requestEnd(ending));
    await it.runFor(endS + 5);
    it.clock.sleepUntilUs(atUs(it, endS + 5));
    expect(it.states().at(-2)).toBe(state);
    expect(sampled.length).toBeGreaterThan(600);
    expect(Math.min(...sampled)).toBe(PROTECTIVE);
    const { goal_velocity, torque_enable } = it.arms.boards.follower.arm.servos[GRIPPER]!.values(
      it.clock.nowUs(),
    );
    expect([goal_velocity, torque_enable]).toEqual([0, 1]);
  });
});
