import { expect, test } from "bun:test";
import { type Key, KeyRepeats, keysIn } from "../../../src/cli/record/keys.ts";

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

/** Which of keys at these times, ms, are pressed, by their numbers. */
const pressedOf = (...keys: readonly (readonly [Key, number])[]) => {
  const repeats = new KeyRepeats();
  return keys.flatMap(([key, atMs], number) => (repeats.hear(key, atMs) === "pressed" ? [number] : []));
};

test("a key that is held down for two seconds is pressed once, however late the keyboard begins to repeat it", () => {
  const repeated = (key: Key) =>
    [0, ...Array.from({ length: 40 }, (_, at) => 660 + at * 33)].map((atMs) => [key, atMs] as const);
  expect(pressedOf(...repeated("again"))).toEqual([0]);
  expect(pressedOf(...repeated("forward"))).toEqual([0]);
});

test("another key, and the same one after a second, are pressed", () => {
  expect(pressedOf(["forward", 0], ["again", 100], ["forward", 200], ["forward", 1_200])).toEqual([
    0, 1, 2, 3,
  ]);
});
