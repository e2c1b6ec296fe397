/** Tests that need what not every machine has: they say so, and the end of `make test` says what to get. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Glob } from "bun";
import { run } from "./program.ts";

const ROOT_FOLDER = join(import.meta.dir, "../..");

describe("tests that need what is not there", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "so101-needs-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs tests as `make test` does. */
  const runTests = async (body: string, env: Record<string, string> = {}) => {
    const imports = `import { beforeAll, expect, test } from "bun:test";
import { needing, program } from ${JSON.stringify(join(import.meta.dir, "needs.ts"))};
const GLUE = program("so101-glue", "glue");
const TAPE = program("so101-tape", "tape");
`;
    await Bun.write(join(folder, "some.test.ts"), imports + body);
    const command = [process.execPath, join(ROOT_FOLDER, "scripts/run-tests.ts")];
    const { stdout, stderr, code } = await run(command, {
      cwd: folder,
      env: { PATH: process.env.PATH!, ...env },
    });
    const [, summary] = /^(Skipped here:\n(?: {2}.*\n)*)/m.exec(stdout) ?? [];
    return { summary, said: stdout + stderr, code };
  };

  test("are skipped, and counted by what to get", async () => {
    const { summary, said, code } = await runTests(`
      needing(TAPE).test("wraps", () => expect().fail());
      needing(GLUE, TAPE).describe.each([1, 2])("part %i", () => {
        beforeAll(() => expect().fail());
        test("holds", () => expect().fail());
        needing(TAPE).test("stays", () => expect().fail());
      });
      needing(program("sh", "dash")).test("speaks", () => {});`);
    expect(said).toContain(" 1 pass\n");
    expect(said).toContain(" 0 fail\n");
    expect(summary).toBe(`Skipped here:
  4 tests that need so101-glue (sudo apt install glue), so101-tape (sudo apt install tape)
  1 test that needs so101-tape (sudo apt install tape)
`);
    expect(code).toBe(0);
  });

  test("are failures where continuous integration runs as root, and only there", async () => {
    const { code, said } = await runTests('needing(GLUE).test("holds", () => {});', { CI: "true" });
    const isRoot = process.geteuid!() === 0;
    expect(code).toBe(isRoot ? 1 : 0);
    if (isRoot) expect(said).toContain("not on this machine: so101-glue (sudo apt install glue)");
  });

  test("are told apart from those that are skipped without a reason", async () => {
    const { code, summary } = await runTests('test.skip("x < y", () => {});', { CI: "true" });
    expect(summary).toBe('Skipped here:\n  1 test for no reason that a name gives, such as "x < y"\n');
    expect(code).toBe(process.geteuid!() === 0 ? 1 : 0);
  });

  test("say nothing where nothing is missing, and a failure stays one", async () => {
    expect(await runTests('test("is", () => {});')).toMatchObject({ code: 0, summary: undefined });
    expect((await runTests('test("is", () => expect(1).toBe(2));')).code).toBe(1);
  });
});

test("no test is skipped in any other way", async () => {
  const skips = /\b(?:test|describe|it)\.(?:skip|skipIf|if|todo|todoIf|only)\b/;
  const files = [...new Glob("test/**/*.ts").scanSync(ROOT_FOLDER)].filter(
    (path) => !path.startsWith("test/support/needs."),
  );
  const texts = await Promise.all(files.map((path) => Bun.file(join(ROOT_FOLDER, path)).text()));
  expect(files.filter((_, index) => skips.test(texts[index]!))).toEqual([]);
});
