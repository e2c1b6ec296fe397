import { expect, test } from "bun:test";
import { EventHistory, entryOf } from "../../../src/daemon/events/event-history.ts";
import type { ToldEvent } from "../../../src/daemon/events/told.ts";

const connecting = {
  kind: "state",
  from: "waiting",
  to: "connecting",
  why: "both answer",
  reasons: [],
  code: "SO101-E002 pair.connecting",
} as const;

test("the state, since when, and why are those of the last change", () => {
  const history = new EventHistory();
  const before = history.since;
  history.take(connecting);
  expect([history.state, history.why]).toEqual(["connecting", "both answer"]);
  expect(history.since.getTime()).toBeGreaterThanOrEqual(before.getTime());
});

test("another reason for the same state is no event, and leaves the time as it was", () => {
  const history = new EventHistory();
  const { since } = history;
  const reason = {
    kind: "reason",
    why: "the leader is missing",
    reasons: [{ code: "SO101-E010 leader.board.missing", cures: [] }],
    code: "SO101-E010 leader.board.missing",
    role: "leader",
  } satisfies ToldEvent;
  history.take(reason);
  expect([history.state, history.why, history.since]).toEqual(["waiting", reason.why, since]);
  expect(history.reasons).toEqual(reason.reasons);
  expect(history.events).toEqual([]);
  expect(entryOf(reason)).toBeUndefined();
});

test("each time the follower is held counts", () => {
  const history = new EventHistory();
  const holding = { ...connecting, from: "following", to: "holding" } as const;
  for (const event of [
    holding,
    { ...connecting, to: "aligning" } as const,
    { ...holding, quiet: true } as const,
  ])
    history.take(event);
  expect(history.holds).toBe(2);
});

test("the last 500 events are kept, the oldest first, each with its number", () => {
  const history = new EventHistory();
  const code = "SO101-E018 leader.arm.back";
  for (let i = 1; i <= 515; i++) {
    history.take({ kind: "notice", severity: "info", code, role: "leader", message: `${i}` });
  }
  const numbers = Array.from({ length: 500 }, (_, i) => i + 16);
  expect(history.events.map(({ number }) => number)).toEqual(numbers);
  expect(history.events.map(({ message }) => message)).toEqual(numbers.map(String));
  expect(history.events[0]).toMatchObject({ code, severity: "info" });
});

test("events with endless messages take no more than a quarter of a million characters", () => {
  const history = new EventHistory();
  for (let i = 1; i <= 500; i++) {
    const message = `${i} ${"x".repeat(1e5)}`;
    history.take({ kind: "notice", severity: "warning", code: "SO101-E075 settings.refused", message });
  }
  const kept = history.events.map(({ message }) => message);
  expect(kept.join("").length).toBeLessThanOrEqual(256_000);
  expect(kept.at(-1)).toMatch(/^500 x+…$/);
});

test("an alarm that was raised is active until it is cleared, told aloud or not", () => {
  const history = new EventHistory();
  const hot = {
    kind: "notice",
    severity: "warning",
    code: "SO101-E052 follower.servo.hot",
    role: "follower",
  } as const;
  history.take({ ...hot, message: "warm", alarm: "a", quiet: true });
  history.take({ ...hot, message: "warm too", alarm: "b" });
  expect(history.activeAlarms.map(({ message }) => message)).toEqual(["warm", "warm too"]);
  history.take({ ...hot, message: "cool", alarm: "a", cleared: true });
  expect(history.activeAlarms.map(({ message }) => message)).toEqual(["warm too"]);
  expect(history.events.map(({ message }) => message)).toEqual(["warm too", "cool"]);
});

test("a fault of the pair is a fault in the history", () => {
  const entry = entryOf({
    kind: "state",
    from: "connecting",
    to: "faulted",
    why: "no file",
    reasons: [],
    code: "SO101-E022 calibration.missing",
  });
  expect(entry).toMatchObject({
    severity: "fault",
    message: "faulted: no file",
    code: "SO101-E022 calibration.missing",
  });
});
