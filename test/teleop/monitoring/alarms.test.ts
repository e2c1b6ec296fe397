import { expect, test } from "bun:test";
import type { Notice } from "../../../src/teleop/events.ts";
import { Episodes } from "../../../src/teleop/monitoring/alarms.ts";

function episodes() {
  const told: Notice[] = [];
  return { told, episodes: new Episodes((event) => event.kind === "notice" && told.push(event)) };
}

const note = { code: "servo.hot", role: "follower", message: "it is warm" } as const;

test("what lasts is told when it begins and when it ends", () => {
  const { told, episodes: these } = episodes();
  these.begin("a", "warning", note);
  these.begin("a", "warning", note);
  expect(these.lasts("a")).toBe(true);
  these.end("a", "it is cool");
  these.end("a", "it is cool");
  expect(told).toEqual([
    { kind: "notice", severity: "warning", episode: "a", ...note },
    { kind: "notice", severity: "info", episode: "a", over: true, ...note, message: "it is cool" },
  ]);
});

test("what comes again at once is known, and not told aloud again", () => {
  const { told, episodes: these } = episodes();
  for (let round = 0; round < 3; round++) {
    these.begin("a", "warning", note);
    these.end("a", "it is cool");
  }
  expect(told.map(({ quiet, over }) => [quiet, over])).toEqual([
    [undefined, undefined],
    [undefined, true],
    [true, undefined],
    [true, true],
    [true, undefined],
    [true, true],
  ]);
});

test("what has been told in other words is not told again, nor its end", () => {
  const { told, episodes: these } = episodes();
  these.note("a", "warning", note);
  these.end("a", "it is cool");
  expect(told.map(({ quiet }) => quiet)).toEqual([true, true]);
});

test("what an arm had is over when the arm is gone", () => {
  const { told, episodes: these } = episodes();
  these.begin("leader.a", "warning", note);
  these.begin("follower.a", "warning", note);
  these.begin("follower.b", "warning", note);
  these.endAll("follower.");
  expect([these.lasts("leader.a"), these.lasts("follower.a"), these.lasts("follower.b")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(told.slice(3).every(({ over, quiet }) => over && quiet)).toBe(true);
});
