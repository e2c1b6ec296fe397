import { expect, test } from "bun:test";
import { isVisible, visible } from "../../../src/linux/text/visible.ts";

test.each([
  ["an escape sequence", "\u001b[31mred", "\\u001b[31mred"],
  ["one of a single character", "\u009b2J", "\\u009b2J"],
  ["a bell, and a title that ends with it", "\u001b]0;t\u0007", "\\u001b]0;t\\u0007"],
  ["the end of a line, and a priority behind it", "a\n<0>b", "a\\u000a<0>b"],
  ["a return to the line's start", "good\rbad", "good\\u000dbad"],
  ["nothing at all", "a\0b", "a\\u0000b"],
  ["a rubout", "a\u007f\b", "a\\u007f\\u0008"],
  ["what turns the writing", "a\u202eb\u2066c", "a\\u202eb\\u2066c"],
  ["what has no width", "a\u200bb\ufeffc\u00add", "a\\u200bb\\ufeffc\\u00add"],
  ["a separator of lines", "a\u2028b\u2029c\u0085d", "a\\u2028b\\u2029c\\u0085d"],
  ["a tag beyond 16 bits", "a\u{e0041}b", "a\\udb40\\udc41b"],
  ["half a character", "a\ud800b", "a\\ud800b"],
])("%s is written out", (_, text, expected) => {
  expect(visible(text)).toBe(expected);
  expect(isVisible(text)).toBe(false);
  expect(isVisible(visible(text))).toBe(true);
});

test.each(["/dev/ttyACM0", "blue arm", "Größe", "左のアーム", "می‌روم", "👩‍🔧", "a\\u001b"])(
  "%s stays as it is",
  (text) => {
    expect(visible(text)).toBe(text);
    expect(isVisible(text)).toBe(true);
  },
);

test("JSON whose text is written out says the same", () => {
  const data = { "\u202e": ["\u001b", "\u009b", "\u{e0041}", "\ud800", "\u2028", "\\", '"', "\n"] };
  const text = visible(JSON.stringify(data));
  expect(JSON.parse(text)).toEqual(data);
  expect(isVisible(text)).toBe(true);
});
