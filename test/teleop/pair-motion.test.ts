/** How near the follower's goals are to LeRobot's, whatever a hand does and whatever the link. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type GivenGoal, VirtualPair } from "../support/virtual-pair.ts";

// Much virtual time, on machines that are busy.
setDefaultTimeout(60_000);

const STEPS_PER_DEG = 4096 / 360;
/** By then a pair that began with everything follows. */
const FOLLOWS_S = 5;
/** How far a goal may lead what it presses against. */
const PRESS = 20 * STEPS_PER_DEG;

/** A joint, where something stops it, and from where to where the leader moves it, in steps of the follower. */
const GRASP = { joint: 5, object: 2600, squeezed: 2600 - 40 * STEPS_PER_DEG, open: 3300 };
const TABLE = { joint: 2, object: 2400, squeezed: 2400 + 40 * STEPS_PER_DEG, open: 1700 };

interface Release {
  /** When the leader begins to go back, s. */
  readonly atS: number;
  readonly degPerS: number;
}

/**
 * The leader's joint presses beyond what stops the follower's and goes back, again and again: at each of the speeds,
 * after pauses that differ by 35 ms, so that a release meets each phase of the readings, which are 90 ms apart.
 */
async function graspAndRelease(it: VirtualPair, { joint, object, squeezed, open }: typeof GRASP) {
  const lead = (atS: number, goal: number, degPerS: number) =>
    it.at(atS, () => leadTo(it, joint, goal, degPerS));
  const releases: Release[] = [];
  let atS = FOLLOWS_S;
  lead(atS, open, 60);
  atS += 2;
  it.at(atS, () => {
    const follower = it.arms.boards.follower.arm.servos[joint]!.actuator;
    follower.motor.block(follower.shaftAt(object));
  });
  for (const degPerS of [100, 150, 200, 300]) {
    for (let phase = 0; phase < 20; phase++) {
      lead(atS, squeezed, 300);
      atS += 0.35 + phase * 0.035;
      lead(atS, open, degPerS);
      releases.push({ atS, degPerS });
      atS += 1.4;
    }
  }
  await it.runFor(atS);
  return releases;
}

/** Has the leader's hand bring a joint to where LeRobot gives the follower's a goal, at a speed of the follower's. */
function leadTo(it: VirtualPair, joint: number, goal: number, degPerS: number): void {
  const { motor } = it.arms.boards.leader.arm.servos[joint]!.actuator;
  const perStep = 1 / gainOf(it, joint);
  const way = (goal - it.lerobotsGoal(joint)) * perStep;
  motor.push(motor.position + way, degPerS * STEPS_PER_DEG * perStep);
}

/** How many steps of the follower's joint one of the leader's is. */
function gainOf(it: VirtualPair, joint: number): number {
  const [leader, follower] = (["leader", "follower"] as const).map((role) => {
    const { min_position_limit: min, max_position_limit: max } = it.arms.boards[role].arm.servos[
      joint
    ]!.values(it.clock.nowUs());
    return max - min;
  }) as [number, number];
  return follower / leader;
}

/** Whether a goal lies where LeRobot's were in the 100 ms before it, but for a step. */
function isWithin100Ms(goals: readonly GivenGoal[], index: number): boolean {
  const { atS, goal } = goals[index]!;
  const recent = [];
  for (let each = index; each >= 0 && atS - goals[each]!.atS <= 0.1; each--)
    recent.push(goals[each]!.lerobots);
  return goal >= Math.min(...recent) - 1 && goal <= Math.max(...recent) + 1;
}

describe.each([
  ["a gripper lets go of an object", GRASP],
  ["a joint is lifted off a table", TABLE],
])("when %s", (_, grasp) => {
  test("its goal is within 100 ms of LeRobot's, at whatever speed and moment", async () => {
    using it = new VirtualPair();
    const releases = await graspAndRelease(it, grasp);
    const { joint, object, squeezed } = grasp;
    const side = Math.sign(squeezed - object);
    const goals = it.goals(joint, FOLLOWS_S);
    const late = releases.filter(({ atS }) =>
      goals.some(
        (each, index) =>
          each.atS > atS &&
          each.atS < atS + 1.4 &&
          (each.lerobots - object) * side < PRESS - 2 &&
          !isWithin100Ms(goals, index),
      ),
    );
    expect(late).toEqual([]);
    expect(it.codes()).toContain("joint.obstructed");
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });
});

const WRIST_FLEX = 3;

test("on a link whose replies take 2 to 10 ms nearly all goals are LeRobot's", async () => {
  using it = new VirtualPair();
  const noise = noiseFrom(1);
  const { motor } = it.arms.boards.leader.arm.servos[WRIST_FLEX]!.actuator;
  let middle = 0;
  it.at(FOLLOWS_S, () => {
    middle = motor.position;
  });
  for (let ms = 0; ms < 12_000; ms++) {
    it.at(FOLLOWS_S + ms / 1e3, () => {
      // There and back.
      if (ms % 2 === 0) it.arms.boards.leader.usbUs = (2_000 + noise() * 8_000) / 2;
      motor.push(middle + 30 * STEPS_PER_DEG * Math.sin((2 * Math.PI * ms) / 1e3), 4_000);
    });
  }
  await it.runFor(FOLLOWS_S + 12);
  const goals = it.goals(WRIST_FLEX, FOLLOWS_S + 2);
  const lerobots = goals.filter(({ goal, lerobots }) => goal === lerobots);
  expect(lerobots.length / goals.length).toBeGreaterThan(0.99);
});

/** Numbers from 0 to 1 that are the same in each run. */
function noiseFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe("on a link that lets through a quarter of the goals", () => {
  /** Swings a joint by ±30° at a speed; the goals of four swings. */
  async function swing(it: VirtualPair, degPerS: number): Promise<GivenGoal[]> {
    it.arms.boards.leader.usbUs = 8_500;
    it.at(FOLLOWS_S, () => leadTo(it, WRIST_FLEX, 2_000, 60));
    const turns = 8;
    for (let turn = 0; turn < turns; turn++) {
      const goal = 2_000 + (turn % 2 === 0 ? 30 : -30) * STEPS_PER_DEG;
      it.at(FOLLOWS_S + 3 + turn * 0.6, () => leadTo(it, WRIST_FLEX, goal, degPerS));
    }
    await it.runFor(FOLLOWS_S + 3 + turns * 0.6);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
    return it.goals(WRIST_FLEX, FOLLOWS_S + 3);
  }

  test("the follower's goals are LeRobot's up to the speed limit, not a quarter of it", async () => {
    using it = new VirtualPair();
    const goals = await swing(it, 340);
    const perS = goals.length / (goals.at(-1)!.atS - goals[0]!.atS);
    expect(perS).toBeWithin(40, 65);
    const others = goals.filter(({ goal, lerobots }) => Math.abs(goal - lerobots) > 1);
    expect(others).toEqual([]);
  });

  test("and above the limit move as fast as it allows", async () => {
    using it = new VirtualPair({ settings: { followSpeedDegPerS: 180 } });
    const goals = await swing(it, 340);
    // Of ten, because one that comes soon may use what those before have left; but for a part of a step.
    const fastest = goals.slice(10).map(({ atS, goal }, index) => {
      const before = goals[index]!;
      return (Math.abs(goal - before.goal) - 1) / (atS - before.atS) / STEPS_PER_DEG;
    });
    expect(Math.max(...fastest)).toBeWithin(170, 185);
  });
});

describe("a full-turn wrist whose leader crosses the seam", () => {
  const WRIST_ROLL = 4;
  const events = (it: VirtualPair) =>
    it.events.flatMap(({ event }) => {
      if (event.kind !== "alarm" || event.problem.code !== "joint.unwinds") return [];
      return [[event.change, event.problem.joint]];
    });
  /** The leader's servo, a little before the seam, on its way there or back. */
  const leader = (it: VirtualPair) => it.arms.boards.leader.arm.servos[WRIST_ROLL]!.actuator;

  test.each([
    ["of a full turn", 0, 4095],
    ["of less than half a turn", 1200, 3000],
  ])("swings back slowly on a follower %s, and that is said", async (_, min, max) => {
    using it = new VirtualPair();
    it.arms.boards.follower.arm.servos[WRIST_ROLL]!.setValues({
      min_position_limit: min,
      max_position_limit: max,
    });
    it.saveCalibrations();
    it.at(FOLLOWS_S, () => leader(it).motor.push(leader(it).shaftAt(4050), 1_000));
    it.at(FOLLOWS_S + 4, () => leader(it).motor.push(leader(it).shaftAt(4050) + 300, 1_000));
    await it.runFor(FOLLOWS_S + 20);
    const goals = it.goals(WRIST_ROLL, FOLLOWS_S);
    const crossed = goals.findIndex(({ lerobots }) => lerobots < min + 100 && lerobots !== min);
    const fastest = goals.slice(crossed + 1).map(({ atS, goal }, index) => {
      const before = goals[crossed + index]!;
      return (Math.abs(goal - before.goal) - 1) / (atS - before.atS) / STEPS_PER_DEG;
    });
    expect(crossed).toBeGreaterThan(0);
    expect(Math.max(...fastest)).toBeLessThanOrEqual(45);
    expect(goals.at(-1)!.goal).toBe(goals.at(-1)!.lerobots);
    expect(events(it)).toEqual([
      ["raised", "wrist_roll"],
      ["cleared", "wrist_roll"],
    ]);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });

  test("is told once while it trembles there", async () => {
    using it = new VirtualPair();
    it.at(FOLLOWS_S, () => leader(it).motor.push(leader(it).shaftAt(4095), 1_000));
    let seam = 0;
    it.at(FOLLOWS_S + 4, () => {
      seam = leader(it).shaftAt(4095);
    });
    for (let ms = 10; ms < 5_000; ms += 10) {
      it.at(FOLLOWS_S + 4 + ms / 1e3, () => leader(it).motor.push(seam + ((ms / 10) % 2), 1_000));
    }
    await it.runFor(FOLLOWS_S + 9);
    expect(events(it)).toEqual([["raised", "wrist_roll"]]);
  });
});

describe("a joint that presses against something with much current", () => {
  const ELBOW = 2;
  const GRIPPER = 5;
  const SECONDS = 15;

  /** When it begins to press: a gripper has opened wide by then. */
  const PRESSES_S = FOLLOWS_S + 2;

  /** Presses a joint 40° beyond what stops it, and back at the end; its goals' lead in °, by the seconds since. */
  async function press(
    it: VirtualPair,
    joint: number,
    objectAhead: number,
    protection: "without protection" | "as delivered" = "without protection",
  ): Promise<number[]> {
    const servo = it.arms.boards.follower.arm.servos[joint]!;
    const follower = servo.actuator;
    // Its own protection would give way before.
    if (protection === "without protection") servo.setValues({ overload_torque: 0 });
    let object = 0;
    let from = 0;
    if (joint === GRIPPER)
      it.at(FOLLOWS_S, () => leadTo(it, joint, it.lerobotsGoal(joint) + 70 * STEPS_PER_DEG, 100));
    it.at(PRESSES_S, () => {
      from = it.lerobotsGoal(joint);
      object = from + objectAhead;
      follower.motor.block(follower.shaftAt(object));
      leadTo(it, joint, object + Math.sign(objectAhead) * 40 * STEPS_PER_DEG, 200);
    });
    it.at(PRESSES_S + SECONDS, () => leadTo(it, joint, from, 200));
    await it.runFor(PRESSES_S + SECONDS + 3);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
    const goals = it.goals(joint, FOLLOWS_S);
    expect(goals.at(-1)!.goal).toBe(goals.at(-1)!.lerobots);
    return Array.from({ length: SECONDS }, (_, second) => {
      const { goal } = goals.find(({ atS }) => atS >= PRESSES_S + second)!;
      return (Math.sign(objectAhead) * (goal - object)) / STEPS_PER_DEG;
    });
  }
  const changes = (it: VirtualPair) =>
    it.events.flatMap(({ event }) =>
      event.kind === "alarm" && event.problem.code === "joint.stalled"
        ? [[event.change, event.problem.joint]]
        : [],
    );

  test("presses less and less by the stall guard, which is told at its beginning and its end", async () => {
    using it = new VirtualPair({ settings: { stall: { currentMa: 500, afterS: 3 } } });
    const leads = await press(it, ELBOW, -100);
    expect(leads[2]).toBeWithin(19.5, 20.5);
    expect(leads[3]).toBeWithin(19.5, 20.5);
    for (const second of [5, 6, 7, 8, 9, 10]) {
      expect(leads[second - 1]! - leads[second]!).toBeWithin(1.7, 2.3);
    }
    expect(leads.slice(12)).toSatisfy((last) => last.every((lead) => lead >= 5 && lead < 5.2));
    expect(changes(it)).toEqual([
      ["raised", "elbow_flex"],
      ["cleared", "elbow_flex"],
    ]);
  });

  test.each([
    [300, 5],
    [500, 20],
  ])(
    "whose servo has limited itself by then is noticed by less than a fifth of its current only: %d mA",
    async (currentMa, lastLead) => {
      using it = new VirtualPair({ settings: { stall: { currentMa, afterS: 3 } } });
      const leads = await press(it, ELBOW, -100, "as delivered");
      expect(it.codes()).toContain("servo.overload");
      expect(leads[14]).toBeWithin(lastLead - 0.5, lastLead + 0.5);
    },
  );

  test("presses as before once it moves", async () => {
    using it = new VirtualPair({ settings: { stall: { currentMa: 500, afterS: 3 } } });
    const { motor } = it.arms.boards.follower.arm.servos[ELBOW]!.actuator;
    it.at(PRESSES_S + 8.9, () => motor.block(motor.position - 30));
    const leads = await press(it, ELBOW, -100);
    expect(leads[8]).toBeLessThan(15);
    // 30 steps are 2.6°.
    expect(leads[10]).toBeWithin(22, 23);
    expect(leads[14]).toBeLessThan(20);
  });

  test.each([
    ["a gripper holds on", GRIPPER, 500],
    ["without a stall current it presses on", ELBOW, 0],
    ["with less current than that it presses on", ELBOW, 5_000],
  ])("%s", async (_, joint, currentMa) => {
    using it = new VirtualPair({ settings: { stall: { currentMa, afterS: 3 } } });
    const leads = await press(it, joint, -100);
    expect(leads.slice(3)).toSatisfy((pressed) => pressed.every((lead) => lead > 19.5 && lead < 20.5));
    expect(changes(it)).toEqual([]);
  });
});
