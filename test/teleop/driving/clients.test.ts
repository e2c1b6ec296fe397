/** A client in the leader's place: who drives when, in virtual time. */
import { describe, expect, test } from "bun:test";
import { besides, drivenPair, EPOCH, OTHER_EPOCH } from "../../support/driven-pair.ts";
import type { VirtualPair } from "../../support/virtual-pair.ts";

/** Both arms stand in one pose from the start, and the follower follows by then, s. */
const FOLLOWS_S = 2;
const DEG = 4096 / 360;

/** Moves the leader's shoulder_pan by degrees, linearly, from a time on for so long. */
function moveLeader(it: VirtualPair, fromS: number, forS: number, deg: number): void {
  it.at(fromS, () => {
    const from = it.positions("leader")[0]!;
    const positions = (position: number) => ({ shoulder_pan: position });
    it.arms.boards.leader.hand.play(
      {
        keyframes: [
          { atS: 0, positions: positions(from) },
          { atS: forS, positions: positions(from + deg * DEG) },
          { atS: forS + 1_000, positions: positions(from + deg * DEG) },
        ],
        between: "linear",
      },
      it.clock.nowUs(),
    );
  });
}

/** The goals of shoulder_pan, as they were given from one time to another. */
function goalsOf(it: VirtualPair, fromS: number, toS = Number.POSITIVE_INFINITY): number[] {
  return it.goals(0, fromS).flatMap(({ atS, goal }) => (atS < toS ? goal : []));
}

describe("a client", () => {
  test("drives from its first target on, by alignment; its connection alone changes nothing", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const target = besides(it, 200);
    drive(4, 8, () => target);
    await it.runFor(7.9);
    expect(it.states(FOLLOWS_S).slice(0, 2)).toEqual(["aligning", "following"]);
    expect(it.enteredAt("aligning", FOLLOWS_S)!).toBeGreaterThan(4);
    expect(it.enteredAt("aligning", FOLLOWS_S)!).toBeLessThan(4.1);
    expect(drives()).toEqual(["driving"]);
    expect(new Set(goalsOf(it, 7))).toEqual(new Set([target[0]!]));
  });

  test("has its step as the goal, each one, within the calibrated range", async () => {
    const { it, drive, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const base = besides(it, 0);
    const wanted = (s: number) => base.map((position) => position + Math.round((s - 3) * 30));
    drive(3, 8, wanted);
    await it.runFor(8);
    const goals = new Set(goalsOf(it, 4));
    for (let i = 0; i < 100; i++) expect(goals).toContain(wanted(4 + i / 30)[0]!);
  });

  test("at 30 Hz has the follower go on toward its last target between two", async () => {
    const { it, drive, begin } = drivenPair({ settings: { followSpeedDegPerS: 90 } });
    using _ = it;
    begin(FOLLOWS_S);
    const base = besides(it, 0);
    drive(3, 4, () => base);
    drive(4, 6, () => base.map((position) => position + 600));
    await it.runFor(6);
    const moving = it.goals(0, 4.01).filter(({ goal }) => goal < base[0]! + 600);
    const gaps = moving.slice(1).map(({ atS }, i) => atS - moving[i]!.atS);
    expect(moving.length).toBeGreaterThan(100);
    expect(Math.max(...gaps)).toBeLessThan(0.012);
  });

  test("may jump: the limits of the follower's motion hold", async () => {
    const { it, drive, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const base = besides(it, 0);
    drive(3, 6, (s) => base.map((position, joint) => (s < 4 ? position : joint === 0 ? 4095 : 0)));
    await it.runFor(6);
    expect(it.codes(4)).not.toContain("leader.jumped");
    expect(it.codes(4)).not.toContain("joint.unwinds");
  });

  test("is held for half a second after its last target, and goes on by alignment within ten", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const target = besides(it, 100);
    drive(3, 5, () => target);
    drive(14, 16, () => target);
    await it.runFor(15.9);
    const heldAtS = it.enteredAt("holding", 4)!;
    expect(heldAtS).toBeGreaterThan(5 - 1 / 30 + 0.5);
    expect(heldAtS).toBeLessThan(5.6);
    expect(goalsOf(it, heldAtS + 0.01, 14)).toEqual([]);
    expect(it.states(heldAtS)).toEqual(["holding", "aligning", "following", "stopped"]);
    expect(drives()).toEqual(["driving", "holding", "driving"]);
  });

  test("that is silent for longer is over, and nobody drives to the pose of a leader that lies on the table", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const target = besides(it, 300);
    drive(3, 5, () => target);
    await it.runFor(40);
    expect(drives()).toEqual(["driving", "holding", "over: silent"]);
    expect(it.codes(15)).toContain("client.gone");
    expect(goalsOf(it, 6)).toEqual([]);
    expect(it.positions("follower")[0]!).toBeCloseTo(target[0]!, -1);
  });

  test.each([
    ["moves the leader by 12°", (it: VirtualPair) => moveLeader(it, 20, 3, 12)],
    ["asks to go on", (it: VirtualPair) => it.at(20, () => (it.memory.mailbox.mode = "running"))],
  ])("that is over: the leader drives again once somebody %s", async (_what, act) => {
    const { it, drive, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    drive(3, 5, () => besides(it, 3));
    act(it);
    await it.runFor(26);
    expect(it.states(19)).toEqual(["connecting", "aligning", "following", "stopped"]);
    expect(Math.abs(goalsOf(it, 25).at(-1)! - it.lerobotsGoal(0))).toBeLessThan(3);
  });

  test("that is over: a leader that is moved by 8° moves nothing", async () => {
    const { it, drive, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    drive(3, 5, () => besides(it, 3));
    moveLeader(it, 20, 0.5, 8);
    await it.runFor(26);
    expect(goalsOf(it, 6)).toEqual([]);
  });

  test("that is over: a leader that sinks by itself moves nothing", async () => {
    const { it, drive, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    drive(3, 5, () => besides(it, 3));
    moveLeader(it, 20, 60, 20);
    await it.runFor(90);
    expect(goalsOf(it, 6)).toEqual([]);
  });

  test("another client's epoch is not heeded; after the first one is over it drives", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const [target, others] = [besides(it, 100), besides(it, -200)];
    drive(3, 6, () => target);
    drive(4, 9, () => others, { epoch: OTHER_EPOCH });
    it.at(7, () => {
      it.memory.session.begin(OTHER_EPOCH);
    });
    await it.runFor(9);
    expect(Math.min(...goalsOf(it, 4, 7))).toBe(target[0]!);
    expect(drives()).toEqual(["driving", "holding", "over: ended", "driving"]);
    expect(goalsOf(it, 8.9).at(-1)).toBe(others[0]!);
  });
});

describe("a pause", () => {
  test.each(["paused", "released"] as const)("ends a drive at once: %s", async (mode) => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const base = besides(it, 0);
    drive(3, 12, (s) => base.map((position) => position + Math.round(40 * Math.sin(s * 3))));
    it.at(5, () => {
      it.memory.mailbox.mode = mode;
    });
    it.at(8, () => {
      it.memory.mailbox.mode = "running";
    });
    await it.runFor(12);
    expect(drives()).toEqual(["driving", "over: asked"]);
    expect(goalsOf(it, 5.01, 8)).toEqual([]);
    // Who asks to go on wants the leader.
    expect(goalsOf(it, 11).at(-1)).toBe(it.lerobotsGoal(0));
  });
});

describe("the leader of this pair", () => {
  test("takes the follower from a client: held at once, aligned with once the motion has lasted a second", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const target = besides(it, 200);
    drive(3, 12, () => target);
    moveLeader(it, 6, 3, 90);
    await it.runFor(12);
    const heldAtS = it.enteredAt("holding", 5)!;
    // 10° at 30 °/s.
    expect(heldAtS).toBeGreaterThan(6.3);
    expect(heldAtS).toBeLessThan(6.42);
    const alignedAtS = it.enteredAt("aligning", 6)!;
    expect(alignedAtS).toBeGreaterThan(6.95);
    expect(alignedAtS).toBeLessThan(7.4);
    expect(goalsOf(it, heldAtS + 0.01, alignedAtS - 0.05)).toEqual([]);
    expect(drives()).toEqual(["driving", "holding", "over: leader took over"]);
    expect(goalsOf(it, 11).at(-1)).toBe(it.lerobotsGoal(0));
  });

  test("that is bumped has the follower held, and the client goes on by alignment", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const target = besides(it, 200);
    drive(3, 12, () => target);
    moveLeader(it, 6, 0.2, 15);
    await it.runFor(11.9);
    expect(drives()).toEqual(["driving", "holding", "driving"]);
    expect(it.states(6)).toEqual(["holding", "aligning", "following", "stopped"]);
    expect(new Set(goalsOf(it, 6))).toEqual(new Set([target[0]!]));
  });

  test("that is moved slowly takes nothing", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    drive(3, 12, () => besides(it, 0));
    moveLeader(it, 6, 6, 40);
    await it.runFor(11.9);
    expect(drives()).toEqual(["driving"]);
  });

  test.each([
    ["a reply of it was lost", { joints: [2], fault: { drop: 1 } }],
    ["a servo of it has fallen silent", { joints: [5], fault: { silent: true } }],
    ["all but one of its servos have fallen silent", { joints: [1, 2, 3, 4, 5], fault: { silent: true } }],
  ])("has the follower held when it is moved, also where %s before", async (_what, { joints, fault }) => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    drive(3, 12, () => besides(it, 0));
    it.at(4, () => {
      for (const joint of joints) Object.assign(it.arms.boards.leader.arm.faults[joint]!, fault);
    });
    moveLeader(it, 6, 3, 90);
    it.at(6.6, () => expect(drives()).toEqual(["driving", "holding"]));
    await it.runFor(11.9);
  });

  test("that is without its power for a while is watched again soon after", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    drive(3, 14, () => besides(it, 0));
    const servos = (act: "powerDown" | "powerUp") => {
      for (const servo of it.arms.boards.leader.arm.servos) servo[act](it.clock.nowUs());
    };
    it.at(4, () => servos("powerDown"));
    it.at(7, () => servos("powerUp"));
    moveLeader(it, 9, 3, 90);
    await it.runFor(13.9);
    expect(drives()).toEqual(["driving", "holding", "over: leader took over"]);
  });

  test("that is asked for just as the client is held takes over without a fault being seen", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    drive(3, 5, () => besides(it, 50));
    // In the tick in which the client has been silent for too long.
    it.heard = (event) => {
      if (event.kind === "drive" && event.is === "holding") it.memory.mailbox.mode = "running";
    };
    await it.runFor(8);
    expect(drives()).toEqual(["driving", "holding", "over: asked"]);
    expect(it.states(5.1)).toEqual(["holding", "connecting", "aligning", "following", "stopped"]);
    expect(it.codes(5.1)).not.toContain("servo.reset");
  });

  test("takes nothing where it is not to win", async () => {
    const { it, drive, drives, begin } = drivenPair({ settings: { localLeaderWins: false } });
    using _ = it;
    begin(FOLLOWS_S);
    drive(3, 12, () => besides(it, 0));
    moveLeader(it, 6, 3, 90);
    await it.runFor(11.9);
    expect(drives()).toEqual(["driving"]);
  });

  test("in somebody's hand keeps a client from beginning, and follows on without a pause", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    moveLeader(it, 3, 4, 100);
    drive(5, 9, () => besides(it, -200));
    await it.runFor(9);
    expect(drives()).toEqual(["over: leader in hand"]);
    expect(it.states(FOLLOWS_S)).toEqual(["stopped"]);
  });

  test("need not be there at all", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    it.arms.boards.leader.trouble = "missing";
    begin(FOLLOWS_S);
    const target = besides(it, 100);
    drive(3, 8, () => target);
    await it.runFor(7.9);
    expect(drives()).toEqual(["driving"]);
    expect(goalsOf(it, 7).at(-1)).toBe(target[0]!);
  });

  test("need not have its power, however long it is asked", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    for (const servo of it.arms.boards.leader.arm.servos) servo.powerDown(it.clock.nowUs());
    begin(FOLLOWS_S);
    const target = besides(it, 100);
    drive(8, 12, () => target);
    await it.runFor(11.9);
    expect(drives()).toEqual(["driving"]);
    expect(goalsOf(it, 11).at(-1)).toBe(target[0]!);
  });

  test("may go and come while a client drives, and is watched again", async () => {
    const { it, drive, drives, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    const target = besides(it, 100);
    drive(3, 20, () => target);
    it.at(5, () => {
      it.arms.boards.leader.trouble = "missing";
    });
    it.at(8, () => {
      it.arms.boards.leader.trouble = undefined;
      it.memory.session.boardAppeared();
    });
    moveLeader(it, 12, 3, 90);
    await it.runFor(18);
    expect(it.states(4.5).slice(0, 2)).toEqual(["aligning", "following"]);
    expect(it.enteredAt("aligning", 4.5)!).toBeGreaterThan(8);
    expect(drives()).toEqual(["driving", "holding", "over: leader took over"]);
    expect(it.enteredAt("holding", 5)!).toBeLessThan(12.5);
  });

  test("loses a torque that it has meanwhile", async () => {
    const { it, drive, begin } = drivenPair();
    using _ = it;
    begin(FOLLOWS_S);
    drive(3, 8, () => besides(it, 0));
    it.at(5, () => {
      for (const servo of it.arms.boards.leader.arm.servos) {
        servo.powerDown(it.clock.nowUs());
        servo.powerUp(it.clock.nowUs(), { torqueOn: true });
      }
    });
    await it.runFor(8);
    expect(it.torque("leader")).toEqual([false, false, false, false, false, false]);
  });
});

test("a follower alone is driven, and held after that", async () => {
  const { it, drive, drives, begin } = drivenPair({ settings: { armsHere: "follower" } });
  using _ = it;
  begin(FOLLOWS_S, EPOCH);
  const target = besides(it, 100);
  drive(3, 6, () => target);
  let torque: boolean[] = [];
  it.at(19.9, () => {
    torque = it.torque("follower");
  });
  await it.runFor(20);
  expect(drives()).toEqual(["driving", "holding", "over: silent"]);
  expect(goalsOf(it, 5).at(-1)).toBe(target[0]!);
  expect(torque).not.toContain(false);
});
