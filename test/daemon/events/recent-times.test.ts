import { expect, test } from "bun:test";
import { RecentTimes } from "../../../src/daemon/events/recent-times.ts";

test("three in ten seconds and four in a minute are often enough", () => {
  const times = new RecentTimes({ within10S: 3, withinMinute: 4 });
  const add = (seconds: number) => times.add(seconds * 1e3);
  expect([0, 1, 2, 3].map(add)).toEqual([false, false, false, true]);
  expect([13, 40, 59].map(add)).toEqual([true, true, true]);
  expect([119.5].map(add)).toEqual([false]);
  expect(times.countWithinMinute(119_600)).toBe(1);
});
