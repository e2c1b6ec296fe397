/** Compiles the program into `dist/`, one file for each processor: `bun scripts/build.ts [x64|arm64] …`; both by default. */
import { stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { engines } from "../package.json";
import { compile } from "./compile.ts";
import { PROCESSORS, type Processor } from "./toolchain.ts";

const ROOT = resolve(import.meta.dir, "..");
const ENTRY = join(ROOT, "src/main.ts");

/** Where the program for a processor is put. */
function programPath(processor: Processor): string {
  return join(ROOT, "dist", `so101-linux-${processor}`);
}

/**
 * The files that run as Workers: the compiled program can only start those that were named as entry points, so they
 * are found by how every Worker here is made. Throws when one is made in another way.
 */
async function workerEntries(): Promise<string[]> {
  const entries: string[] = [];
  for await (const path of new Bun.Glob("src/**/*.ts").scan({ cwd: ROOT, absolute: true })) {
    const text = await Bun.file(path).text();
    for (const { index } of text.matchAll(/\bnew Worker\(/g)) {
      const [, url] = /^new Worker\(\s*new URL\("([^"]+)", import\.meta\.url\)/.exec(text.slice(index)) ?? [];
      if (url === undefined) {
        throw new Error(
          `${relative(ROOT, path)}: a worker must be made as new Worker(new URL("…", import.meta.url).href, …), ` +
            "or it is missing from the compiled program",
        );
      }
      entries.push(resolve(dirname(path), url));
    }
  }
  const files = [...new Set(entries)];
  const names = new Set([ENTRY, ...files].map((file) => basename(file)));
  // All code ends up in one folder within the program: that is what a worker's relative URL is resolved in.
  if (names.size <= files.length) throw new Error(`workers need names of their own: ${files.join(", ")}`);
  return files;
}

/** The commit that is built, with `-dirty` when files differ from it; outside of git: "unknown". */
function commit(): string {
  const git = (...args: string[]) => Bun.spawnSync(["git", ...args], { cwd: ROOT, stderr: "ignore" });
  try {
    const head = git("rev-parse", "--short=12", "HEAD");
    if (!head.success) return "unknown";
    const changes = git("status", "--porcelain").stdout.toString();
    return head.stdout.toString().trim() + (changes === "" ? "" : "-dirty");
  } catch {
    return "unknown"; // there is no git
  }
}

/** Builds one program. A build that fails leaves what was there before. */
async function build(processor: Processor): Promise<void> {
  const path = programPath(processor);
  try {
    await compile([ENTRY, ...(await workerEntries())], path, {
      processor,
      define: { SO101_COMMIT: JSON.stringify(commit()) },
    });
  } catch (cause) {
    throw new Error(
      `${relative(ROOT, path)} could not be built: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
      },
    );
  }
  const { size } = await stat(path);
  console.log(`${relative(ROOT, path)}  ${(size / 1e6).toFixed(1)} MB`);
}

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !PROCESSORS.includes(name as Processor));
if (unknown !== undefined) {
  console.error(`There is no build for ${unknown}: ${PROCESSORS.join(", ")}.`);
  process.exit(2);
}
if (Bun.version !== engines.bun) {
  console.error(`The program is built with Bun ${engines.bun}, and this is ${Bun.version}: use make build.`);
  process.exit(2);
}
try {
  for (const processor of PROCESSORS) {
    if (wanted.length === 0 || wanted.includes(processor)) await build(processor);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
