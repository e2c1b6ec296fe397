import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { JOINTS } from "../../src/arm/joints.ts";
import { ConfigError } from "../../src/config/config.ts";
import { withKeys } from "../../src/config/edit.ts";
import { thrown } from "../support/thrown.ts";

const set = (text: string, values: Record<string, string | number>) =>
  withKeys(text, "park", values, "/x/config.toml");

test.each([
  ["an empty file", "", "[park]\na = 1\n"],
  ["a file without the section", "x = 1\n", "x = 1\n\n[park]\na = 1\n"],
  ["a file that ends without a line's end", "x = 1", "x = 1\n\n[park]\na = 1\n"],
  ["blank lines at the end", "x = 1\n\n\n", "x = 1\n\n[park]\na = 1\n"],
  ["an empty section", "[park]\n[b]\nx = 1\n", "[park]\na = 1\n[b]\nx = 1\n"],
  ["another key of the section", "[park]\nb = 2 # two\n\n[c]\n", "[park]\nb = 2 # two\na = 1\n\n[c]\n"],
  [
    "the key, and a comment",
    "[park] # where\n  a  =  -7.25   # it lies\n",
    "[park] # where\n  a  =  1   # it lies\n",
  ],
  ["the key without space", "[park]\na=2# there\n", "[park]\na=1# there\n"],
  ["quotes", '["park"]\n"a" = 2\n', '["park"]\n"a" = 1\n'],
  ["spaces in the header", "[ park ]\na = 2\n", "[ park ]\na = 1\n"],
  ["a commented default", "[park]\n# It is:\n#a = 5\n#b = 6\n", "[park]\n# It is:\n#a = 5\na = 1\n#b = 6\n"],
  ["a dotted key", "park.a = 2 # dots\nx = 1\n", "park.a = 1 # dots\nx = 1\n"],
  ["other dotted keys", "park.b = 2\nx = 1\n", "park.b = 2\npark.a = 1\nx = 1\n"],
  ["a table on its line", "park = { b = 2, a = 3 } # all\n", "park = { b = 2, a = 1 } # all\n"],
  ["a table on its line without the key", "park = { b = 2 }\n", "park = { b = 2, a = 1 }\n"],
  ["an empty table on its line", "park = {}\n", "park = { a = 1 }\n"],
  ["the same key of other sections", "a = 9\n[b]\na = 8\n", "a = 9\n[b]\na = 8\n\n[park]\na = 1\n"],
  ["lines of Windows", "[park]\r\na = 2 # x\r\nb = 3\r\n", "[park]\r\na = 1 # x\r\nb = 3\r\n"],
  ["lines of Windows, without the section", "b = 3\r\nc = 4", "b = 3\r\nc = 4\r\n\r\n[park]\r\na = 1\r\n"],
  ["lines of both kinds", "x = 3\n# c\r\n[park]\na = 2 # d\n", "x = 3\n# c\r\n[park]\na = 1 # d\n"],
  ["a UTF-8 mark", "\uFEFF[b]\nx = 1\n", "\uFEFF[b]\nx = 1\n\n[park]\na = 1\n"],
  ["an example in a comment", "#   [park]\n#   a = 0\n", "#   [park]\n#   a = 0\n\n[park]\na = 1\n"],
])("a key is set beside %s, and nothing else changes", (_, text, wanted) => {
  expect(set(text, { a: 1 })).toBe(wanted);
  expect(set(wanted, { a: 1 })).toBe(wanted);
});

test("texts are quoted, and one that has a sign of a comment in it is replaced whole", () => {
  expect(set('[park]\na = "b # c" # d\n', { a: 'e"f' })).toBe('[park]\na = "e\\"f" # d\n');
});

test("the file that is installed keeps every line of it", () => {
  const shipped = readFileSync(join(import.meta.dir, "../../packaging/config.toml"), "utf8");
  const pose = Object.fromEntries(JOINTS.map((joint, index) => [joint, index - 2.5]));
  const edited = set(shipped, pose);
  expect(edited.startsWith(shipped)).toBe(true);
  expect(Bun.TOML.parse(edited)).toMatchObject({ park: pose });
  expect(withKeys(shipped, "leader", { id: "my_left" }, "x")).toBe(
    shipped.replace('#id = "leader"\n', '#id = "leader"\nid = "my_left"\n'),
  );
});

test.each([
  ["a text of several lines that looks like the key", 'x = """\n[park]\na = 2\n"""\n'],
  ["a list of tables", "[[park]]\na = 2\n"],
  ["no table at all", "park = 3\n"],
])("%s is not touched, and what to write is said", (_, text) => {
  const { message } = thrown(ConfigError, () => set(text, { a: 1, b: "c" }));
  expect(message).toContain("/x/config.toml: [park] is written in a way that this program cannot change");
  expect(message).toEndWith('[park]\na = 1\nb = "c"');
});

test("what is no TOML is told with its line", () => {
  expect(thrown(ConfigError, () => set("a = 1\nb = = 2\n", { a: 1 })).message).toContain("line 2");
});

test("whatever the file is, the result has the new values and the old rest, or it is refused", () => {
  const line = fc.oneof(
    ...[
      "[park]",
      "[other]",
      "a = 1",
      "b = 2 # c",
      "  c=3",
      "#a = 4",
      "# text",
      "",
      "park.a = 5",
      'd = "[park]"',
    ].map((text) => fc.constant(text)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), (lines, end) => {
      const text = lines.join(end);
      let before: Record<string, object>;
      try {
        before = Bun.TOML.parse(text) as Record<string, object>;
      } catch {
        return;
      }
      const edited = set(text, { a: 7.5, b: -1 });
      expect(Bun.TOML.parse(edited)).toEqual({ ...before, park: { ...before.park, a: 7.5, b: -1 } });
      const comments = (of: string) =>
        of
          .split(/\r?\n/)
          .filter((one) => one.includes("#"))
          .map((one) => one.replace(/.*#/, ""));
      expect(comments(edited)).toEqual(comments(text));
    }),
  );
});
