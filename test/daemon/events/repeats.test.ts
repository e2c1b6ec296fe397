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
  code: `SO101-E00 pair.${to}`,
});

describe("events of one kind", () => {
  test("up to five in ten seconds are told one by one", () => {
    const { filter, passTo, lines } = repeats();
    for (let second = 0; second < 60; second += 2) {
      passTo(second);
      filter.take(reset());
    }
    passTo(100);
    expect(lines().length).toBe(30);
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
