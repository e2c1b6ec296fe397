/** Putting into words what is wrong with a configuration's keys, with a hint where one was mistyped. */
import type * as v from "valibot";
import { visible } from "../linux/text/visible.ts";
import type { KeyProblem } from "./file.ts";

/**
 * One sentence a problem. `where` turns a key's path, "" for the whole, into how the person knows it; the schema's
 * own messages say what must be. `knownKeys` are the keys there are by section, "" being the top level.
 */
export function problemsOf(
  issues: readonly v.BaseIssue<unknown>[],
  where: (key: string) => string,
  knownKeys: Readonly<Record<string, readonly string[]>>,
): KeyProblem[] {
  return issues.map((issue) => {
    // The file's own keys: JSON's texts show what is in values.
    const path = (issue.path ?? []).map(({ key }) => visible(String(key)));
    const key = path.map(nameOf).join(".");
    return { key, message: sentenceOf(issue, path, where(key), knownKeys) };
  });
}

function sentenceOf(
  issue: v.BaseIssue<unknown>,
  path: readonly string[],
  name: string,
  knownKeys: Readonly<Record<string, readonly string[]>>,
): string {
  if (issue.type !== "strict_object") return `${name} is ${show(issue.input)}, but must be ${issue.message}`;
  if (issue.expected === "never") return `${name} is not a known key${hint(path, knownKeys)}`;
  if (issue.expected === "Object") return `${name} is ${show(issue.input)}, but must be a section of keys`;
  return `${name} is missing`;
}

/** So many characters of a key are shown: more is no key that somebody meant. */
const LONGEST_NAME = 60;

/** A key as it is, as far as it is short and harmless to a terminal. */
function nameOf(key: string): string {
  if (key.length > LONGEST_NAME) return `${key.slice(0, LONGEST_NAME)}…`;
  return /^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(key) ? key : JSON.stringify(key);
}

/** A value as the file shows it, as far as it is short. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? "a long text" : JSON.stringify(withoutPassword(value));
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "a section or a date" : String(value);
}

/** A URL without who it says one is: what is wrong with it goes to logs. */
function withoutPassword(text: string): string {
  return text.replace(/(:\/\/).*@/s, "$1…@");
}

/** What a key was probably meant to be: one of another section, or one of its own that is spelt nearly so. */
function hint(path: readonly string[], knownKeys: Readonly<Record<string, readonly string[]>>): string {
  const key = path.at(-1)!;
  const own = path.slice(0, -1).join(".");
  for (const [section, keys] of Object.entries(knownKeys)) {
    if (section === own || !keys.includes(key)) continue;
    return section === "" ? ": it belongs at the top, before any section" : `: it belongs to [${section}]`;
  }
  const near = nearest(key, knownKeys[own] ?? []);
  return near === undefined ? "" : `: is ${near} meant?`;
}

/** The word that most resembles another: by the fewest letters to change, if those are less than half of them. */
function nearest(word: string, words: readonly string[]): string | undefined {
  if (word.length > 60) return undefined;
  const [best] = words
    .map((candidate) => ({ candidate, changes: changesBetween(word, candidate) }))
    .filter(({ candidate, changes }) => changes < candidate.length / 2 || candidate.startsWith(word))
    .sort((a, b) => a.changes - b.changes);
  return best?.candidate;
}

/** Levenshtein's distance. */
function changesBetween(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      row.push(Math.min(above[j]! + (a[i] === b[j] ? 0 : 1), above[j + 1]! + 1, row[j]! + 1));
    }
    above = row;
  }
  return above[b.length]!;
}
