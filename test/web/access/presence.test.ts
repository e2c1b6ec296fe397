/** The motions of the leader that show that somebody is beside the arms. */
import { describe, expect, test } from "bun:test";
import { JOINTS } from "../../../src/arm/joints.ts";
import { type Attempt, type LeaderStance, Presence, type Ranges } from "../../../src/web/access/presence.ts";

const MIDDLE: LeaderStance = [0, 0, 0, 0, 0, 0.5];
const RANGES: Ranges = [
  [-110, 110],
  [-100, 100],
  [-96, 96],
  [-95, 95],
  [-160, 160],
  [0, 110],
];

/** A leader and a clock: what the attempt sees of both. */
class Hand {
  readonly presence: Presence;
  nowMs = 0;
  stance: number[];

  constructor(random: () => number = Math.random, stance: LeaderStance = MIDDLE) {
    this.stance = stance.map((value) => value!);
    this.presence = new Presence(RANGES, this.stance, this.nowMs, random);
  }

  see(): Attempt {
    this.nowMs += 33;
    return this.presence.see(this.stance, this.nowMs);
  }

  rest(ms = 700): void {
    for (const end = this.nowMs + ms; this.nowMs < end; ) this.see();
  }

  /** Moves a joint by so many degrees, as fast as a hand does. */
  move(index: number, byDegrees: number): Attempt {
    const by = JOINTS[index] === "gripper" ? byDegrees / 110 : byDegrees;
    for (let part = 0; part < 20; part++) {
      this.stance[index]! += by / 20;
      this.see();
    }
    return this.presence.attempt;
  }

  /** Makes the motion that is asked for. */
  obey(): Attempt {
    const { attempt } = this.presence;
    if (attempt.kind !== "going on") throw new Error(attempt.kind);
    return this.move(JOINTS.indexOf(attempt.motion.joint), attempt.motion.way === "up" ? 25 : -25);
  }
}

describe("presence beside the leader", () => {
  test("is shown by three motions, each from rest, of three joints", () => {
    for (let seed = 0; seed < 200; seed++) {
      const hand = new Hand();
      const joints = new Set<string>();
      for (let motion = 1; motion <= 3; motion++) {
        const { attempt } = hand.presence;
        expect(attempt).toMatchObject({ kind: "going on", number: motion, of: 3, isResting: true });
        if (attempt.kind === "going on") joints.add(attempt.motion.joint);
        hand.rest();
        expect(hand.presence.attempt).toMatchObject({ isResting: false });
        hand.obey();
      }
      expect(hand.presence.attempt).toEqual({ kind: "passed" });
      expect(joints.size).toBe(3);
    }
  });

  test("is not shown by an arm that never rests, as one that is being used", () => {
    const hand = new Hand();
    let attempt = hand.presence.attempt;
    for (let tick = 0; attempt.kind === "going on"; tick++) {
      hand.stance = hand.stance.map((_, index) => (index === 5 ? 0.5 : 30 * Math.sin(tick / 10 + index)));
      attempt = hand.see();
    }
    expect(attempt).toEqual({ kind: "failed", why: { because: "time" } });
    expect(hand.nowMs).toBeWithin(30_000, 30_100);
  });

  test("is not shown when another joint moves more than 10°", () => {
    for (let seed = 0; seed < 50; seed++) {
      const hand = new Hand();
      hand.rest();
      const { attempt } = hand.presence;
      if (attempt.kind !== "going on") throw new Error(attempt.kind);
      const other = (JOINTS.indexOf(attempt.motion.joint) + 1) % JOINTS.length;
      expect(hand.move(other, 11)).toEqual({
        kind: "failed",
        why: { because: "wrong motion", joint: JOINTS[other]! },
      });
    }
  });

  test("takes a joint that is dragged along by less than 10° for no other motion", () => {
    const hand = new Hand(() => 0);
    hand.rest();
    expect(hand.move(1, 9)).toMatchObject({ kind: "going on", number: 1 });
    expect(hand.obey()).toMatchObject({ number: 2 });
  });

  test("is not shown by the joint that was asked for, moved the other way", () => {
    const hand = new Hand(() => 0);
    hand.rest();
    expect(hand.presence.attempt).toMatchObject({ motion: { joint: "shoulder_pan", way: "up" } });
    expect(hand.move(0, -11)).toMatchObject({ kind: "failed", why: { because: "wrong motion" } });
  });

  test("is not shown when another joint moves while the arm is to come to rest for the next motion", () => {
    for (let seed = 0; seed < 50; seed++) {
      const hand = new Hand();
      hand.rest();
      const first = hand.presence.attempt;
      hand.obey();
      if (first.kind !== "going on") throw new Error(first.kind);
      const moved = JOINTS.indexOf(first.motion.joint);
      expect(hand.move(moved, first.motion.way === "up" ? -5 : 5)).toMatchObject({ number: 2 });
      const other = (moved + 2) % JOINTS.length;
      expect(hand.move(other, 11)).toEqual({
        kind: "failed",
        why: { because: "wrong motion", joint: JOINTS[other]! },
      });
    }
  });

  test("may begin with a leader that is taken up, and then asks for what there is room for", () => {
    for (let seed = 0; seed < 50; seed++) {
      const hand = new Hand(Math.random, [0, -95, 90, 0, 0, 0.5]);
      hand.stance = [105, 95, -92, 92, 155, 1];
      hand.rest();
      const { attempt } = hand.presence;
      if (attempt.kind !== "going on") throw new Error(attempt.kind);
      expect(attempt).toMatchObject({ number: 1, isResting: false });
      expect<string>(attempt.motion.joint === "elbow_flex" ? "up" : "down").toBe(attempt.motion.way);
      hand.obey();
      expect(hand.presence.attempt).toMatchObject({ number: 2 });
    }
  });

  test("is hardly ever shown by who moves the leader for other reasons, one joint at a time", () => {
    let passed = 0;
    const tries = 2_000;
    for (let seed = 0; seed < tries; seed++) {
      const hand = new Hand();
      while (hand.presence.attempt.kind === "going on") {
        hand.rest(600);
        const by = (Math.random() < 0.5 ? -1 : 1) * (11 + Math.random() * 30);
        hand.move(Math.floor(Math.random() * JOINTS.length), by);
      }
      if (hand.presence.attempt.kind === "passed") passed++;
    }
    // Each motion is one of twelve, of ten, of eight, or of more that come to the same.
    expect(passed / tries).toBeLessThan(0.01);
  });

  test("is not shown by a leader that falls silent", () => {
    const hand = new Hand();
    hand.rest();
    expect(hand.presence.see([0, 0, null, 0, 0, 0.5], hand.nowMs)).toEqual({
      kind: "failed",
      why: { because: "leader silent" },
    });
  });

  test("asks for no motion that the joint has no room for", () => {
    for (let seed = 0; seed < 200; seed++) {
      const hand = new Hand(Math.random, [109, -99, 95, -94, 159, 0]);
      const { attempt } = hand.presence;
      const ways = {
        shoulder_pan: "down",
        shoulder_lift: "up",
        elbow_flex: "down",
        wrist_flex: "up",
        wrist_roll: "down",
        gripper: "up",
      };
      if (attempt.kind !== "going on") throw new Error(attempt.kind);
      expect<string>(ways[attempt.motion.joint]).toBe(attempt.motion.way);
    }
  });
});
