import { expect, test } from "bun:test";
import { entryOf, Journal } from "../../src/daemon/event-history.ts";

test("the state, since when, and why are those of the last change", () => {
  const journal = new Journal();
  const before = journal.since;
  journal.take({
    kind: "state",
    from: "waiting",
    to: "connecting",
    why: "both answer",
    code: "pair.connecting",
  });
  expect([journal.state, journal.why]).toEqual(["connecting", "both answer"]);
  expect(journal.since.getTime()).toBeGreaterThanOrEqual(before.getTime());
});

test("another reason for the same state is no event, and leaves the time as it was", () => {
  const journal = new Journal();
  const { since } = journal;
  const reason = {
    kind: "reason",
    why: "the leader is missing",
    code: "board.missing",
    role: "leader",
  } as const;
  journal.take(reason);
  expect([journal.state, journal.why, journal.since]).toEqual(["waiting", reason.why, since]);
  expect(journal.events).toEqual([]);
  expect(entryOf(reason)).toBeUndefined();
});

test("the last ten events are kept, the oldest first", () => {
  const journal = new Journal();
  for (let i = 0; i < 25; i++) {
    journal.take({ kind: "notice", severity: "info", code: "arm.back", role: "leader", message: `${i}` });
  }
  expect(journal.events.map(({ message }) => message)).toEqual(
    Array.from({ length: 10 }, (_, i) => `${i + 15}`),
  );
  expect(journal.events[0]).toMatchObject({ code: "SO101-E018 leader.arm.back", severity: "info" });
});

test("what began holds until it is over, told aloud or not", () => {
  const journal = new Journal();
  const hot = { kind: "notice", severity: "warning", code: "servo.hot", role: "follower" } as const;
  journal.take({ ...hot, message: "warm", episode: "a", quiet: true });
  journal.take({ ...hot, message: "warm too", episode: "b" });
  expect(journal.holds.map(({ message }) => message)).toEqual(["warm", "warm too"]);
  journal.take({ ...hot, message: "cool", episode: "a", over: true });
  expect(journal.holds.map(({ message }) => message)).toEqual(["warm too"]);
  expect(journal.events.map(({ message }) => message)).toEqual(["warm too", "cool"]);
});

test("a fault of the pair is a fault in the journal", () => {
  const entry = entryOf({
    kind: "state",
    from: "connecting",
    to: "faulted",
    why: "no file",
    code: "calibration.missing",
  });
  expect(entry).toMatchObject({
    severity: "fault",
    message: "faulted: no file",
    code: "SO101-E022 calibration.missing",
  });
});
