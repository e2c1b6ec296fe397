/** A client in the leader's place: who drives when, in virtual time. */
import { describe, expect, test } from "bun:test";
import { besides, drivenPair } from "../../support/driven-pair.ts";

/** Both arms stand in one pose from the start, and the follower follows by then, s. */
const FOLLOWS_S = 2;

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
    expect(it.goals(0, 7).map(({ goal }) => goal)).toContain(target[0]!);
    expect(new Set(it.goals(0, 7).map(({ goal }) => goal)).size).toBe(1);
  });
});
