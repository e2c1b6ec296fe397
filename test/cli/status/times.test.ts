import { expect, test } from "bun:test";
import { duration } from "../../../src/cli/status/times.ts";

test.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [65_000, "1 min 5 s"],
  [3_600_000, "1 h 0 min"],
  [90_000_000, "1 d 1 h"],
  [-5, "0 s"],
])("%d ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
