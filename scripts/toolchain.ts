/** Which Bun goes into the programs: known by its digest, fetched and judged by `scripts/bootstrap`. */
import { join, resolve } from "node:path";
import { engines } from "../package.json";
import pinned from "./toolchain.json";

const ROOT = resolve(import.meta.dir, "..");

/** The processors that programs are made for, as Bun names them. */
export const PROCESSORS = ["x64", "arm64"] as const;
export type Processor = (typeof PROCESSORS)[number];

/** This machine's. */
export const thisProcessor: Processor = process.arch === "arm64" ? "arm64" : "x64";

/** The Bun that programs for one processor contain. */
export interface Runtime {
  /** Its npm package. */
  readonly name: string;
  readonly version: string;
  /** Of the file itself, in hexadecimal digits. */
  readonly sha256: string;
}

const NAMES = { x64: "bun-linux-x64", arm64: "bun-linux-aarch64" } as const;

/** What is pinned for a processor. */
export function pinnedRuntime(processor: Processor): Runtime {
  const name = NAMES[processor];
  return { name: `@oven/${name}`, version: engines.bun, sha256: pinned[name] };
}

/** The pinned runtime's file, which is fetched if it is not there. Rejects with what is wrong with the one that came. */
export async function runtimeFor(processor: Processor): Promise<Runtime & { readonly path: string }> {
  const child = Bun.spawn([join(ROOT, "scripts/bootstrap"), "--runtime", processor], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(stderr.trim());
  return { ...pinnedRuntime(processor), path: join(ROOT, stdout.trim()) };
}
