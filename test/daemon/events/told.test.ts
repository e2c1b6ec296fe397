import { expect, test } from "bun:test";
import type { JointName } from "../../../src/arm/joints.ts";
import { tell } from "../../../src/daemon/events/told.ts";
import type { Audience } from "../../../src/messages/audience.ts";
import type { ControlEvent } from "../../../src/teleop/reporting/events.ts";

const leader = { role: "leader", id: "blue" } as const;
const follower = { role: "follower", id: "red" } as const;
const swapped = {
  code: "arm.swapped",
  arm: leader,
  other: follower,
  remedies: [{ do: "exchange ports" }],
} as const;
const missing = { code: "board.missing", arm: follower, path: "/dev/x" } as const;
const left: Audience = { pair: "left" };

/** What people read of an event. */
const read = (event: ControlEvent, audience: Audience = left) => {
  const told = tell(event, [], audience);
  return told.kind === "notice" ? told.message : "why" in told ? told.why : undefined;
};

test("what the control thread tells as data is a sentence with the pair's name by the time it is read", () => {
  const event = { kind: "notice", severity: "info", problem: swapped } as const;
  expect(tell(event, [], left)).toEqual({
    kind: "notice",
    severity: "info",
    code: "SO101-E020 leader.arm.swapped",
    role: "leader",
    message: expect.stringContaining('run "sudo so101 assign --pair left" again') as never,
  });
});

test("several problems are one reason, named by the first", () => {
  const event = { kind: "state", from: "waiting", to: "faulted", reasons: [swapped, missing] } as const;
  expect(tell(event, [], left)).toEqual({
    kind: "state",
    from: "waiting",
    to: "faulted",
    code: "SO101-E020 leader.arm.swapped",
    role: "leader",
    reasons: [
      { code: "SO101-E020 leader.arm.swapped", cures: [{ do: "exchange ports", arm: "leader" }] },
      { code: "SO101-E010 follower.board.missing", cures: [] },
    ],
    why: expect.stringMatching(
      /^leader "blue": .*; follower "red": \/dev\/x is not there — plug in/,
    ) as never,
  });
});

test("why a leader is silent follows without its name again", () => {
  const reasons = [
    { code: "leader.silent", arm: leader, forMs: 100 },
    { code: "port.too-slow", arm: leader, upToMs: 94, holdAfterMs: 200 },
  ] as const;
  expect(read({ kind: "reasons", reasons })).toBe(
    'no position from leader "blue" for 100 ms: its replies take up to 94 ms, too long for hold_after_ms — set ' +
      "hold_after_ms = 200 in the configuration, or plug the board into the computer itself, without a hub or a " +
      "network between",
  );
});

test("the command that goes on names the pair, where it needs one", () => {
  const paused = { kind: "reasons", reasons: [{ code: "pair.paused", stage: "holding" }] } as const;
  expect(read(paused)).toBe('paused, as was asked: "so101 resume --pair left" goes on');
  expect(read(paused, {})).toBe('paused, as was asked: "so101 resume" goes on');
  const off = { kind: "reasons", reasons: [{ code: "pair.paused", stage: "torque off" }] } as const;
  expect(read(off)).toBe(
    `paused, as was asked, and the follower's torque is off: "so101 resume --pair left" goes on`,
  );
  const released = { kind: "reasons", reasons: [{ code: "pair.released", stage: "waiting" }] } as const;
  expect(read(released, { socket: "/run/own.sock" })).toBe(
    'released, as was asked: "so101 resume --socket /run/own.sock" goes on',
  );
});

test("a joint that something keeps from the leader's pose is named", () => {
  const following = (stopped: readonly JointName[]) =>
    read({
      kind: "state",
      from: "aligning",
      to: "following",
      reasons: [{ code: "pair.following", stopped }],
    });
  expect(following([])).toBe("the follower has reached the leader's pose");
  expect(following(["gripper"])).toBe(
    "the follower has reached the leader's pose, except gripper (id 6), which something stops",
  );
});

test("gains that are not LeRobot's, joint by joint", () => {
  const gains = [{ joint: "elbow_flex", p: 24, i: 0, d: 32 }] as const;
  expect(
    read({ kind: "notice", severity: "info", problem: { code: "servo.gains", arm: follower, gains } }),
  ).toBe(
    'follower "red": gains as configured, which are not LeRobot\'s: elbow_flex (id 3) has P 24, I 0, D 32',
  );
});

test("boards without names: what names them is a command for this reader", () => {
  const event = { kind: "notice", severity: "info", problem: missing } as const;
  expect(tell(event, [{ is: "unnamed", roles: ["follower"] }], left)).toMatchObject({
    message:
      `follower "red": /dev/x is not there — plug in the arm's USB board ` +
      `(the follower's board has no name yet: plug both boards in and run "sudo so101 assign --pair left")`,
  });
});

test("an alarm's end is said of the same arm and joint as its beginning", () => {
  const problem = { code: "servo.overheats", arm: follower, joint: "gripper", mask: 4 } as const;
  const alarm = { kind: "alarm", name: "follower.error.5.2", severity: "warning", problem } as const;
  expect(read({ ...alarm, change: "raised" })).toBe(
    'follower "red": gripper (id 6) reports overheating — let it cool',
  );
  expect(read({ ...alarm, change: "cleared" })).toBe(
    'follower "red": gripper (id 6) no longer reports overheating',
  );
});
