import { describe, expect, test } from "bun:test";
import { entryOf } from "../../../src/daemon/events/event-history.ts";
import { Repeats } from "../../../src/daemon/events/repeats.ts";
import type { ToldEvent } from "../../../src/daemon/events/told.ts";

/** What people read of the events that are taken at some times, s; and what time does. */
function repeats() {
  const told: { atS: number; event: ToldEvent }[] = [];
  let nowMs = 0;
  const due: { atMs: number; act: () => void }[] = [];
  const filter = new Repeats((event) => told.push({ atS: nowMs / 1000, event }), {
    nowMs: () => nowMs,
    later: (act, ms) => void due.push({ atMs: nowMs + ms, act }),
  });
  const passTo = (seconds: number) => {
    for (const { atMs, act } of due.splice(0).sort((a, b) => a.atMs - b.atMs)) {
      if (atMs > seconds * 1000) due.push({ atMs, act });
      else {
        nowMs = atMs;
        act();
      }
    }
    nowMs = seconds * 1000;
  };
  const lines = () =>
    told.flatMap(({ atS, event }) => {
      const entry = entryOf(event);
      return entry === undefined ? [] : `${atS} ${entry.message} [${entry.code}]`;
    });
  return { filter, told, passTo, lines };
}

const reset = (message = "reset"): ToldEvent => ({
  kind: "notice",
  severity: "warning",
  code: "SO101-E041 follower.servo.reset",
  role: "follower",
  message,
});
const state = (to: "following" | "aligning"): ToldEvent => ({
  kind: "state",
  from: "waiting",
  to,
  why: "because",
  reasons: [],
  code: `SO101-E00 pair.${to}`,
});

describe("events of one kind", () => {
  test("up to five in ten seconds are told one by one, and up to ten in a minute", () => {
    const { filter, passTo, lines } = repeats();
    for (let second = 0; second < 600; second += 2) {
      passTo(second);
      filter.take(reset());
      if (second === 18) expect(lines().length).toBe(10);
    }
    passTo(700);
    // From then on one line each ten seconds has the count of five.
    expect(lines().length).toBe(10 + 58);
    expect(lines().at(-2)).toContain("(5 more times within 10 s)");
  });

  test("that come again after a minute are told one by one again", () => {
    const { filter, passTo, lines } = repeats();
    for (let second = 0; second < 1_200; second += 12) {
      passTo(second);
      filter.take(reset());
    }
    expect(lines().length).toBe(100);
  });

  test("that are more are one line with a count, when ten seconds have passed", () => {
    const { filter, passTo, lines } = repeats();
    for (let tenth = 0; tenth < 50; tenth++) {
      passTo(tenth / 10);
      filter.take(reset(`reset ${tenth}`));
    }
    passTo(100);
    const code = "[SO101-E041 follower.servo.reset]";
    expect(lines()).toEqual([
      ...["0 reset 0", "0.1 reset 1", "0.2 reset 2", "0.3 reset 3", "0.4 reset 4"].map(
        (line) => `${line} ${code}`,
      ),
      `10.5 reset 49 (45 more times within 10 s) ${code}`,
    ]);
  });

  test("that go on and on are a line each ten seconds", () => {
    const { filter, passTo, lines } = repeats();
    for (let tenth = 0; tenth < 600; tenth++) {
      passTo(tenth / 10);
      filter.take(reset());
    }
    expect(lines().length).toBeLessThanOrEqual(5 + 6);
    const counts = lines().flatMap((line) => /\((\d+) more/.exec(line)?.[1] ?? []);
    expect(counts.slice(0, 3)).toEqual(["100", "100", "100"]);
  });

  test("of which other events come between are counted by themselves, states too", () => {
    const { filter, passTo, lines } = repeats();
    for (let i = 0; i < 8; i++) {
      filter.take(state("aligning"));
      filter.take(reset());
    }
    filter.take(state("following"));
    passTo(20);
    expect(lines().slice(10)).toEqual([
      "0 following: because [SO101-E00 pair.following]",
      "10 aligning: because (3 more times within 10 s) [SO101-E00 pair.aligning]",
      "10 reset (3 more times within 10 s) [SO101-E041 follower.servo.reset]",
    ]);
  });

  test("are all handed on, so that nobody loses the state, or an alarm", () => {
    const { filter, told } = repeats();
    for (let i = 0; i < 9; i++) filter.take(state("aligning"));
    expect(told.length).toBe(9);
    expect(told.at(-1)!.event).toEqual({ ...state("aligning"), quiet: true } as ToldEvent);
  });

  test("of many kinds are told as a few lines, the gravest by themselves, and none is lost from the count", () => {
    const { filter, passTo, lines } = repeats();
    const event = (kind: number, severity: "info" | "warning" | "fault"): ToldEvent => ({
      ...{ kind: "notice", severity, code: `SO101-E${kind}`, message: `event ${kind}` },
    });
    for (let tenth = 0; tenth < 6_000; tenth++) {
      passTo(tenth / 10);
      for (let kind = 0; kind < 50; kind++) filter.take(event(kind, "info"));
      filter.take(event(77, "fault"));
    }
    passTo(700);
    const counts = lines().flatMap((line) => /\((\d+) more/.exec(line)?.[1] ?? []);
    const sums = lines().flatMap((line) => /events, (\d+) in all/.exec(line)?.[1] ?? []);
    const one = lines().length - counts.length;
    expect(one + [...counts, ...sums].reduce((sum, count) => sum + Number(count), 0)).toBe(6_000 * 51);
    // A fault that is new is told at once, whatever else is.
    expect(lines().filter((line) => line.startsWith("0 event 77")).length).toBe(1);
    expect(lines().filter((line) => line.includes("event 77 (100 more times")).length).toBeGreaterThan(50);
    expect(lines().length / 60).toBeLessThan(4);
  });

  test("of a calibration are told when it is another one", () => {
    const { filter, told } = repeats();
    const calibration = (offset: number) =>
      ({ kind: "calibration", role: "leader", calibration: { gripper: { offset } } }) as unknown as ToldEvent;
    for (const offset of [1, 1, 1, 2, 2, 1]) filter.take(calibration(offset));
    expect(told.length).toBe(3);
  });

  test("that are quiet anyway do not count", () => {
    const { filter, lines } = repeats();
    for (let i = 0; i < 9; i++) filter.take({ ...reset(), quiet: true } as ToldEvent);
    filter.take(reset());
    expect(lines().length).toBe(1);
  });

  test("are counted up to the end", () => {
    const { filter, lines } = repeats();
    for (let i = 0; i < 9; i++) filter.take(reset());
    filter.take({ kind: "stopped", how: "released" });
    expect(lines().at(-1)).toContain("(4 more times within 10 s)");
  });
});
