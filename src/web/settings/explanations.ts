/** What the configuration's keys mean, in the words of the file that is installed: they stand there alone. */
import file from "../../../packaging/config.toml" with { type: "text" };

/** What each key and each section is said to mean. */
export interface Explanations {
  readonly keys: ReadonlyMap<string, string>;
  readonly sections: ReadonlyMap<string, string>;
}

/** A comment's line; one that shows something, and is no text, is indented further. */
const COMMENT = /^# (?! )(.*)$/;
/** A key with its default, or indented as an example of one that has none. */
const KEY = /^#(?: {3})?([a-z_]+) = /;
const SECTION = /^\[([\w.]+)\]$/;
/** The head of a section that is shown as an example. */
const EXAMPLE = /^# {2,}\[([\w.]+)\]$/;

/**
 * Reads the comments of a configuration file in which every default is shown: what stands above a default, or above an
 * example of a key that has none, explains that key; what stands above a section, or an example of one, explains that, an example in `a.b.c` all sections of `a.b`.
 */
export function explanationsIn(text: string): Explanations {
  const keys = new Map<string, string>();
  const sections = new Map<string, string>();
  let section = "";
  let lines: string[] = [];
  const taken = () => {
    // What only leads to the example is of no use without it.
    const words = lines
      .join(" ")
      .replace(/(^|[.)]) [^.]*:$/, "$1")
      .trim();
    lines = [];
    return words;
  };
  const explain = (name: string) => {
    const words = taken();
    if (words !== "") sections.set(name, words);
  };
  const explainKey = (name: string) => {
    const words = taken();
    // Those of an example of a section have none.
    if (words !== "") keys.set(name, words);
  };
  for (const line of text.split("\n")) {
    const [, words] = COMMENT.exec(line) ?? [];
    const [, key] = KEY.exec(line) ?? [];
    const [, opened] = SECTION.exec(line) ?? [];
    const [, example] = EXAMPLE.exec(line) ?? [];
    if (words !== undefined) lines.push(words);
    else if (key !== undefined) explainKey(section === "" ? key : `${section}.${key}`);
    else if (example !== undefined) explain(groupOf(example));
    else if (opened !== undefined) {
      section = opened;
      explain(section);
    } else if (line === "") lines = [];
  }
  return { keys, sections };
}

/** What is shown together: sections of sections with their like. */
export function groupOf(section: string): string {
  return section.split(".").slice(0, 2).join(".");
}

/** Those of the file that is installed. */
export const explanations = explanationsIn(file);
