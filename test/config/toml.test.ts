/** What is wrong with a text that should be TOML, and on which line; however large it is, this takes no time. */
import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../src/config/config.ts";
import { withKeys } from "../../src/config/edit.ts";
import { ConfigError } from "../../src/config/file.ts";
import { parseToml } from "../../src/config/toml.ts";
import { thrown } from "../support/thrown.ts";

const wrong = (text: string) => thrown(ConfigError, () => parseToml(text, "c")).message;

describe("the line that is told is the one", () => {
  test.each([
    ["that is no TOML", "a = 1\nb = = 2\nc = 3\n", 2],
    ["on which the head of a section is not closed", "a = 1\n[b\nc = 3\n", 2],
    ["of a key that was there before", "a = 1\n\n# again\na = 2\nb = 3\n", 4],
    ["of a section that was there before", "[a]\nb = 1\n[c]\nd = 1\n[a]\n", 5],
    ["on which a list begins that has a fault in it", "a = 1\nb = [\n  1,\n  2,,\n]\nc = 3\n", 2],
    ["on which a list begins that does not end", "a = 1\nb = [\n  1,\nc = 3\n", 2],
    ["on which a text begins that does not end", 'a = 1\nb = """\nc = = 3\n', 2],
    ["behind a list of several lines", "a = [\n  1,\n  2,\n]\nb = = 3\n", 5],
    ["behind a text of several lines", 'a = """\n[b\n\\"""\n"""\nb = = 3\n', 5],
    ["behind a text that ends with quotes", 'a = """b"""""\nc = = 3\n', 2],
    ["behind brackets and quotes in texts and comments", "a = \"[{'\" # [ '''\nb = '\"['\nc = = 3\n", 3],
    ["of a comment with what no text has", "a = 1\n# \0\n", 2],
    ["in a file of Windows", "a = 1\r\n# b\r\nc = = 3\r\n", 3],
    ["that is the last, without an end", "a = 1\nb", 2],
  ])("%s", (_, text, line) => {
    expect(wrong(text)).toStartWith(`c: line ${line}: `);
  });
});

/** Of 64 KB, as much as a configuration may have. */
const full = (line: string, last = "") => line.repeat((65_536 - last.length) / line.length) + last;
const numbered = (line: (index: number) => string, count: number) =>
  Array.from({ length: count }, (_, i) => line(i)).join("");

describe("a fault in 64 KB is told at once", () => {
  test.each([
    ["behind comments", full("#\n", "x = = 1\n"), "line 32765: Expected a value"],
    ["before comments", `x = = 1\n${full("#\n", "12345678")}`, "line 1: Expected a value"],
    ["behind empty lines", full("\n", "x = = 1\n"), "line 65529: Expected a value"],
    ["behind keys", `${numbered((i) => `key${i} = 1\n`, 5_000)}x = = 1\n`, "line 5001: Expected a value"],
    ["behind sections", `${numbered((i) => `[k${i}]\n`, 6_000)}[x\n`, "line 6001: "],
    ["a key that was there before", `a = 1\n${full("#\n", "a = 1\na = 1\n")}`, "Cannot redefine key 'a'"],
    ["a list that does not end", `# a\nx = [\n${full("1,\n", "# a\nx = [\n")}`, "line 2: what begins here"],
    ["a list that ends twice", `x = [\n${full("1,\n", "x = [\n]]\n")}]]\n`, "line 1: what begins here"],
    ["a text that does not end", full("# a\n", 'x = "12345678') + '\\"'.repeat(9_000), "what begins here"],
    [
      "a text of many lines that does not end",
      `x = """\n${full("ab\n", 'x = """\n')}`,
      "line 1: what begins here",
    ],
    [
      "a table that is as long",
      `x = {${numbered((i) => `k${i} = 1,`, 6_000)}}\n`,
      "line 1: what begins here",
    ],
    ["more keys than there are", numbered((i) => `k${i} = 1\n`, 6_000), "more keys and sections than"],
  ])("%s", (_, text, why) => {
    const before = performance.now();
    expect(wrong(text)).toContain(why);
    // It takes some 10 ms: minutes, where the time grows with the square of the text.
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test("a key that is not known", () => {
    const text = full("# a comment\n", "[leader]\nprt = 1\n");
    const { message } = thrown(ConfigError, () => parseConfig(text, "c"));
    expect(message).toContain("leader.prt is not a known key: is port meant?");
  });

  test("a value of the wrong kind", () => {
    const text = full("# a comment\n", "[leader]\nport = 1\n");
    expect(thrown(ConfigError, () => parseConfig(text, "c")).message).toContain(
      "leader.port is 1, but must be",
    );
  });
});

test("what a key is set to in a long table takes no time", () => {
  const gap = " ".repeat(8_000);
  expect(withKeys(`park = {${gap}a = 1 }\n`, "park", { b: 2 }, "c")).toBe(`park = {${gap}a = 1, b = 2 }\n`);
});

test("what is told has nothing in it that a terminal would obey, and repeats no long key", () => {
  const red = '"\\u001b[31mred" = 1\n';
  expect(wrong(`${red}${red}`)).not.toMatch(/\p{Cc}/u);
  expect(thrown(ConfigError, () => parseConfig(red, "c")).message).not.toMatch(/\p{Cc}/u);
  const long = thrown(ConfigError, () => parseConfig(`${"k".repeat(8_000)} = 1\n`, "c")).message;
  expect(long.length).toBeLessThan(200);
});

test("a long comment is none of that", () => {
  expect(parseToml(`a = 1 #${"x".repeat(60_000)}\n`, "c")).toEqual({ a: 1 });
});
