/** Looking for events. */
import { expect, test } from "bun:test";
import { type Filter, passes } from "../../../src/web/page/events/filter.ts";

const EVENT = {
  number: 7,
  time: "2026-01-01T10:00:00.000Z",
  code: "SO101-E052 follower.servo.hot",
  severity: "warning",
  message: 'follower "red": elbow_flex (id 3) has 56 °C',
} as const;
const ALL: Filter = { gravity: "info", joint: "", text: "" };

test("an event is found by its gravity, its joint, and words in any order", () => {
  const found: readonly Partial<Filter>[] = [
    {},
    { gravity: "warning" },
    { joint: "elbow_flex" },
    { text: "  RED e052 " },
    { text: "°c", joint: "elbow_flex", gravity: "warning" },
  ];
  const missed: readonly Partial<Filter>[] = [
    { gravity: "fault" },
    { joint: "gripper" },
    { text: "red blue" },
    { text: "e052.*hot" },
  ];
  expect(found.filter((filter) => !passes(EVENT, { ...ALL, ...filter }))).toEqual([]);
  expect(missed.filter((filter) => passes(EVENT, { ...ALL, ...filter }))).toEqual([]);
});
