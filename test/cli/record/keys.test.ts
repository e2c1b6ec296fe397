import { expect, test } from "bun:test";
import { keysIn } from "../../../src/cli/record/keys.ts";

const ESC = "\u001b";

test.each([
  [`${ESC}[C`, ["forward"]],
  [`${ESC}OC`, ["forward"]],
  ["\r", ["forward"]],
  [" ", ["forward"]],
  [`${ESC}[D`, ["again"]],
  [`${ESC}OD`, ["again"]],
  ["d", ["discard"]],
  [ESC, ["stop"]],
  ["\u0003", ["interrupt"]],
])("%j is %j", (typed, keys) => {
  expect(keysIn(typed)).toEqual(keys as ReturnType<typeof keysIn>);
});

test("several keys at once are each heard, in their order", () => {
  expect(keysIn(`${ESC}[C${ESC}[D d${ESC}`)).toEqual(["forward", "again", "forward", "discard", "stop"]);
});

test.each([`${ESC}[A`, `${ESC}[B`, `${ESC}[1;5C`, `${ESC}[3~`, `${ESC}OP`, "x", "é", "\t"])(
  "%j orders nothing",
  (typed) => {
    expect(keysIn(typed)).toEqual([]);
  },
);
