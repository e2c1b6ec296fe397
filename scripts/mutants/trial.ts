/** Tries mutants: a copy of the project for each worker, one mutation at a time, and whether the tests notice. */

import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutation } from "./mutations.ts";

/** A source file and the tests that must notice what changes in it. */
export interface Target {
  /** Relative to the project's root, as the tests' paths. */
  readonly file: string;
  readonly tests: readonly string[];
}

/** A mutation of a target's file. */
export interface Mutant {
  readonly target: Target;
  readonly mutation: Mutation;
}

/** What was tried and what became of it. */
export interface Outcome extends Mutant {
  readonly survived: boolean;
}

/** A mutant may be so much slower than the original before it counts as hanging. */
const SLOWER = 5;
const SLOWER_BY_MS = 3_000;
/** A mutant that never ends may fill the memory before its time is over. */
const MOST_MEMORY_MB = 1_500;
const MEMORY_CHECK_MS = 100;

/** What is no source of the tests, or is the same for all copies. */
const NOT_COPIED = new Set([".git", ".tools", ".vm", "dist", "node_modules"]);

/**
 * Tries all mutants in so many processes at once, and tells each outcome as it comes. `root` is left as it is.
 * Throws when the tests of the original fail.
 */
export async function tryMutants(
  root: string,
  mutants: readonly Mutant[],
  processes: number,
  tell: (outcome: Outcome) => void,
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "so101-mutants-"));
  try {
    const copies = Array.from({ length: processes }, (_, index) => join(scratch, String(index)));
    for (const copy of copies) await copyProject(root, copy);
    const timeoutsMs = new Map<Target, number>();
    for (const target of new Set(mutants.map((mutant) => mutant.target))) {
      timeoutsMs.set(target, SLOWER_BY_MS + SLOWER * (await timeOriginal(copies[0]!, target)));
    }
    const waiting = [...mutants];
    const work = async (copy: string) => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        tell({ ...mutant, survived: await survives(copy, mutant, timeoutsMs.get(mutant.target)!) });
      }
    };
    await Promise.all(copies.map(work));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function copyProject(root: string, copy: string): Promise<void> {
  await mkdir(copy);
  for (const name of await readdir(root)) {
    if (!NOT_COPIED.has(name)) await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
}

/** How long the tests of an unchanged target take, ms. */
async function timeOriginal(copy: string, { file, tests }: Target): Promise<number> {
  const startedMs = performance.now();
  if (!(await pass(copy, tests, 60_000))) throw new Error(`${file}: ${tests.join(" ")} fails as it is`);
  return Math.ceil(performance.now() - startedMs);
}

async function survives(copy: string, { target, mutation }: Mutant, timeoutMs: number): Promise<boolean> {
  const path = join(copy, target.file);
  const original = await Bun.file(path).text();
  const { start, end, replacement } = mutation;
  await Bun.write(path, original.slice(0, start) + replacement + original.slice(end));
  try {
    return await pass(copy, target.tests, timeoutMs);
  } finally {
    await Bun.write(path, original);
  }
}

/** Whether the tests pass in that time. What hangs, or takes all memory, does not. */
async function pass(copy: string, tests: readonly string[], timeoutMs: number): Promise<boolean> {
  const paths = tests.map((test) => `./${test}`);
  const child = Bun.spawn([process.execPath, "test", "--bail", ...paths], {
    cwd: copy,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const watch = setInterval(() => {
    if (residentMB(child.pid) > MOST_MEMORY_MB) child.kill("SIGKILL");
  }, MEMORY_CHECK_MS);
  try {
    return (await child.exited) === 0;
  } finally {
    clearInterval(watch);
  }
}

function residentMB(pid: number): number {
  try {
    const [, kB] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kB ?? 0) / 1024;
  } catch {
    return 0; // it has ended
  }
}
