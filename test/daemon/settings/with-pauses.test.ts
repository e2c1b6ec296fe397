import { expect, test } from "bun:test";
import { withPauses } from "../../../src/daemon/settings/with-pauses.ts";

/** Asks so many times a second for so long; when it was done, s. */
function doneAt(hz: number, seconds: number): number[] {
  const done: number[] = [];
  let nowMs = 0;
  let due: { atMs: number; act: () => void } | undefined;
  const act = withPauses(() => done.push(nowMs / 1e3), {
    nowMs: () => nowMs,
    later: (act, ms) => {
      expect(due).toBeUndefined();
      due = { atMs: nowMs + ms, act };
    },
  });
  const pass = (toMs: number) => {
    if (due !== undefined && due.atMs <= toMs) {
      nowMs = due.atMs;
      const { act } = due;
      due = undefined;
      act();
    }
    nowMs = toMs;
  };
  for (let count = 0; count < hz * seconds; count++) {
    pass((count * 1e3) / hz);
    act();
  }
  pass(seconds * 1e3 + 10_000);
  return done;
}

test("what is asked for now and then is done each time, at once", () => {
  expect(doneAt(0.05, 100)).toEqual([0, 20, 40, 60, 80]);
});

test("what is asked for fifty times a second is done with growing pauses, and once more at the end", () => {
  const done = doneAt(50, 30);
  const between = done.slice(1).map((atS, index) => Math.round((atS - done[index]!) * 10) / 10);
  expect(between.slice(0, 7)).toEqual([0.1, 0.2, 0.5, 1, 2, 5, 5]);
  expect(done[0]).toBe(0);
  expect(done.at(-1)!).toBeWithin(30, 36);
});
