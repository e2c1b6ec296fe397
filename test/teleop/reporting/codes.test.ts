import { expect, test } from "bun:test";
import { join } from "node:path";
import { type EventCode, eventCodes, formatCode } from "../../../src/teleop/reporting/codes.ts";

test("a code is a number and a name, with the arm in front where it is about one", () => {
  expect(formatCode("bus.silent", "leader")).toBe("SO101-E014 leader.bus.silent");
  expect(formatCode("pair.following")).toBe("SO101-E004 pair.following");
  expect(formatCode("leader.jumped", "leader")).toBe("SO101-E032 leader.jumped");
});

test("no number stands for two things", () => {
  const numbers = Object.values(eventCodes).map(([number]) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
});

test("the table of codes lists each with its meaning, and nothing else", async () => {
  const text = await Bun.file(join(import.meta.dir, "../../../packaging/doc/events.md")).text();
  const rows = [...text.matchAll(/^\| (SO101-E\d{3}) +\| `([^`]+)` +\| (.+?) *\|$/gm)].map(
    ([, number, name, meaning]) => [number, name, meaning],
  );
  expect(rows).toEqual(
    Object.entries(eventCodes).map(([name, [, meaning]]) => {
      return [formatCode(name as EventCode).split(" ")[0]!, name, meaning];
    }),
  );
});
