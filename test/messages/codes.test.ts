/** What codes mean to a person. */
import { expect, test } from "bun:test";
import { meaningOfCode } from "../../src/messages/codes.ts";
import { type EventCode, eventCodes, formatCode } from "../../src/teleop/reporting/codes.ts";

test("every code that is told has its meaning, with an arm's name in it or without", () => {
  for (const [code, [, meaning]] of Object.entries(eventCodes)) {
    expect(meaningOfCode(formatCode(code as EventCode))).toBe(meaning);
    expect(meaningOfCode(formatCode(code as EventCode, "leader"))).toBe(meaning);
  }
});

test("what is no code, or a newer one, has none", () => {
  for (const code of ["", "SO101-E999 pair.new", "SO101-E014", "SO101-Exyz pair.waiting"]) {
    expect(meaningOfCode(code)).toBeUndefined();
  }
});
