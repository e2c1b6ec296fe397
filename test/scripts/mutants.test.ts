/** Which small changes the mutation tester makes, and whether it tells those that tests notice from the others. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findMutations, type Mutation } from "../../scripts/mutants/mutations.ts";
import { judge } from "../../scripts/mutants/report.ts";
import { type Outcome, tryMutants } from "../../scripts/mutants/trial.ts";

const SOURCE = `/** A comment with 1 + 1 < 3, and "true". */
interface Shape { readonly kind: 7 }
export const TEXT = "1 + 2", pattern = /a+b/;
export function count(to: number, step = 1 as 1 | 2): number {
  let n = 0;
  while (n < to) n += step;
  return n;
}
`;
const TESTS = `import { expect, test } from "bun:test";
import { count } from "../src/count.ts";
test("counts", () => expect([-5, 0, 4].map((to) => count(to))).toEqual([0, 0, 4]));
`;
const target = { file: "src/count.ts", tests: ["test/count.test.ts"] };

let root = "";
let mutations: readonly Mutation[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "so101-mutants-test-"));
  await mkdir(join(root, "node_modules"));
  await Bun.write(join(root, "tsconfig.json"), `{ "include": ["src"] }`);
  await Bun.write(join(root, target.file), SOURCE);
  await Bun.write(join(root, target.tests[0]!), TESTS);
  mutations = (await findMutations(root, [target.file])).get(target.file)!;
});

afterAll(() => rm(root, { recursive: true, force: true }));

test("code is changed in every small way; comments, types, texts and patterns are left alone", () => {
  expect(mutations.map(({ line, change }) => `${line}: ${change}`)).toEqual([
    "4: 1 as 1 | 2 → 2 as 1 | 2",
    "4: 1 as 1 | 2 → 0 as 1 | 2",
    "5: n = 0 → n = 1",
    "5: n = 0 → n = (-1)",
    "6: n < to → n <= to",
    "6: n < to → n >= to",
    "6: without n += step;",
    "6: n += step → n -= step",
    "7: without return n;",
  ]);
  for (const { start, end, lineText } of mutations) expect(lineText).toContain(SOURCE.slice(start, end));
});

test("what tests notice is killed, also where a mutant never ends, and the rest survives", async () => {
  const outcomes: Outcome[] = [];
  const mutants = mutations.map((mutation) => ({ target, mutation }));
  await tryMutants(root, mutants, 2, (outcome) => outcomes.push(outcome));
  expect(outcomes.length).toBe(mutants.length);
  const survivors = outcomes.filter(({ survived }) => survived).map(({ mutation }) => mutation.change);
  // Steps of two count to four as well. Steps of none, and a loop without its step, never end.
  expect(survivors).toEqual(["1 as 1 | 2 → 2 as 1 | 2"]);
  expect(await Bun.file(join(root, target.file)).text()).toBe(SOURCE);

  const known = { file: target.file, line: "", changes: survivors, reason: "four is even" };
  const line = "export function count(to: number, step = 1 as 1 | 2): number {";
  expect(judge(target.file, outcomes, []).isWell).toBe(false);
  const report = judge(target.file, outcomes, [{ ...known, line }]);
  expect(report.isWell).toBe(true);
  expect(report.lines[0]).toContain("8 of 9 mutants killed (88.9 %), 1 explained, 0 survive");
  // An explanation of what is no longer there is one too many.
  expect(judge(target.file, outcomes, [{ ...known, line }, known]).isWell).toBe(false);
}, 60_000);

test("nothing is tried when the tests fail as they are", async () => {
  const broken = { file: target.file, tests: ["test/none.test.ts"] };
  const mutants = mutations.map((mutation) => ({ target: broken, mutation }));
  await expect(tryMutants(root, mutants, 1, () => {})).rejects.toThrow("fails as it is");
});
