/** Setting keys in a configuration file's text: its comments, its order and its formatting stay as they are. */
import { ConfigError } from "./file.ts";
import type { KeyValue } from "./keys.ts";
import { parseToml } from "./toml.ts";

/** A line that gives a key its value: `  elbow_flex = 12.5 # a comment`, or `park.elbow_flex = 12.5`. */
const KEY_LINE = /^(\s*)((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)(\s*=\s*)(.*)$/s;
const SECTION_LINE = /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/s;
/** A value that ends on its line: a text, a table of such, or a word such as a number. */
const VALUE = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|\{(?:[^{}"']|"(?:[^"\\]|\\.)*"|'[^']*')*\}|[^\s#,]+)/;

/**
 * The text with keys of a section set to values, and nothing else changed: a value is replaced where it stands; a key
 * that is not there comes after the comment that shows its default, or an example of it, or at the section's end; a section that is not
 * there comes last. `section` may be one of another, as `follower.gains.gripper`, or "" for the top. What results is read
 * back. `path` is for messages.
 * Throws {@link ConfigError} when the text is no TOML, or is written in a way that this cannot change.
 */
export function withKeys(
  text: string,
  section: string,
  values: Readonly<Record<string, KeyValue>>,
  path: string,
): string {
  const before = parseToml(text, path) as Table;
  // Each line keeps its own end; a new one gets that of the others.
  const end = text.includes("\r\n") ? "\r" : "";
  const lines = (/(?:^|\n)$/.test(text) ? text : `${text}${end}\n`).split("\n");
  for (const [key, value] of Object.entries(values)) setKey(lines, end, section, key, tomlOf(value));
  const edited = lines.join("\n");
  if (isToml(edited, withValues(before, section === "" ? [] : section.split("."), values))) return edited;
  const lost = [
    ...(section === "" ? [] : [`[${section}]`]),
    ...Object.entries(values).map(([key, value]) => `${key} = ${tomlOf(value)}`),
  ];
  throw new ConfigError(
    `${path}: ${section === "" ? "its top" : `[${section}]`} is written in a way that this program cannot change — write there yourself:\n${lost.join("\n")}`,
  );
}

/** A table of TOML. */
type Table = { readonly [key: string]: unknown };

/** A table with values set in the table at a path in it, and nothing else changed. */
export function withValues(
  table: Table,
  [first, ...rest]: readonly string[],
  values: Readonly<Record<string, KeyValue>>,
): Table {
  if (first === undefined) return { ...table, ...values };
  return {
    ...table,
    [first]: withValues((Object.hasOwn(table, first) ? table[first] : {}) as Table, rest, values),
  };
}

function setKey(lines: string[], end: string, section: string, key: string, value: string): void {
  const path = section === "" ? key : `${section}.${key}`;
  let at = "";
  let header = -1;
  let dotted = -1;
  let last = -1;
  let shown = -1;
  for (const [index, line] of lines.entries()) {
    const opened = SECTION_LINE.exec(line)?.[1];
    if (opened !== undefined) {
      at = plain(opened);
      if (at === section) header = last = index;
      continue;
    }
    if (at === section && (line.startsWith(`#${key} = `) || line.startsWith(`#   ${key} = `))) shown = index;
    const [, indent, name, equals, rest] = KEY_LINE.exec(line) ?? [];
    if (name === undefined) continue;
    const full = at === "" ? plain(name) : `${at}.${plain(name)}`;
    if (full === path) {
      lines[index] = `${indent}${name}${equals}${rest!.replace(VALUE, () => value)}`;
      return;
    }
    if (full === section && rest!.startsWith("{")) {
      lines[index] = `${indent}${name}${equals}${inTable(rest!, key, value)}`;
      return;
    }
    if (section === "" ? at !== "" : !full.startsWith(`${section}.`)) continue;
    last = index;
    if (at === "") dotted = index;
  }
  if (header !== -1 || section === "")
    lines.splice((shown === -1 ? last : shown) + 1, 0, `${key} = ${value}${end}`);
  else if (dotted !== -1) lines.splice(dotted + 1, 0, `${section}.${key} = ${value}${end}`);
  else {
    while (lines.at(-1)?.trim() === "") lines.pop();
    lines.push(...(lines.length > 0 ? [end] : []), `[${section}]${end}`, `${key} = ${value}${end}`, "");
  }
}

/** `{ elbow_flex = 1 } # a comment` with a key of the table set. */
function inTable(rest: string, key: string, value: string): string {
  const [table = ""] = VALUE.exec(rest) ?? [];
  const entry = new RegExp(`((?:^\\{|,)\\s*["']?${key}["']?\\s*=\\s*)[^\\s,}]+`);
  const isEmpty = /^\{\s*\}$/.test(table);
  const changed = entry.test(table)
    ? table.replace(entry, (_, start: string) => `${start}${value}`)
    : `${table.slice(0, -1).trimEnd()}${isEmpty ? "" : ","} ${key} = ${value} }`;
  return changed + rest.slice(table.length);
}

/** `"park" . elbow_flex` as `park.elbow_flex` */
function plain(name: string): string {
  return name
    .split(".")
    .map((part) => part.trim().replace(/^(["'])(.*)\1$/, "$2"))
    .join(".");
}

/** JSON's texts are texts of TOML; its numbers too, but for exponents, which no key here has. */
function tomlOf(value: KeyValue): string {
  return JSON.stringify(value);
}

function isToml(text: string, wanted: unknown): boolean {
  try {
    return Bun.deepEquals(Bun.TOML.parse(text), wanted);
  } catch {
    return false;
  }
}
