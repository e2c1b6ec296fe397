/** What tests were skipped for, out of the report of `bun test`. */

/** Tests that were skipped for the same reason. */
export interface Skipped {
  /** What this machine lacks, and how to get it; undefined when the tests' names do not say. */
  readonly needs?: string;
  /** The names of the tests. */
  readonly tests: readonly string[];
}

/** What bun calls beforeAll and afterAll of tests that are skipped: it reports them among the tests. */
const UNNAMED = "(unnamed)";

/** The skipped tests of a report in JUnit's format, by what they need: see test/support/needs.ts. Most tests first. */
export function skippedIn(junit: string): Skipped[] {
  const groups = new Map<string, string[]>();
  for (const [, attributes] of junit.matchAll(/<testcase ([^>]*[^/])>\s*<skipped/g)) {
    const name = attributeOf(attributes!, "name");
    if (name === UNNAMED) continue;
    const all = `${attributeOf(attributes!, "classname")} ${name}`;
    const needs = new Set([...all.matchAll(/\[needs (.*?)\]/g)].map(([, need]) => need!));
    const key = [...needs].toSorted().join(", ");
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups]
    .map(([needs, tests]) => (needs === "" ? { tests } : { needs, tests }))
    .toSorted((a, b) => b.tests.length - a.tests.length);
}

/** A line for a person. */
export function inWords({ needs, tests }: Skipped): string {
  const [first] = tests;
  const count = tests.length === 1 ? "1 test" : `${tests.length} tests`;
  if (needs === undefined) return `${count} for no reason that a name gives, such as "${first}"`;
  return `${count} that ${tests.length === 1 ? "needs" : "need"} ${needs}`;
}

function attributeOf(attributes: string, name: string): string {
  const [, text = ""] = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes) ?? [];
  const entities = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: keyof typeof entities) => entities[entity]);
}
