/** The npm packages whose code the program contains, as `bun.lock` has them. */
import { join, resolve } from "node:path";
import * as v from "valibot";
import lock from "../bun.lock";
import { PACKAGES_CHANGED } from "../scripts/compile.ts";

const ROOT = resolve(import.meta.dir, "..");

/** A package in the program. */
export interface EmbeddedPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX, as the package says it. */
  readonly license: string;
  /** Where it is unpacked. */
  readonly dir: string;
  /** The npm archive's, as npm writes it: `sha512-` and base64. */
  readonly integrity: string;
  /** The names of those that it asks for, in the program or not. */
  readonly dependencies: readonly string[];
}

const packageSchema = v.object({ name: v.string(), version: v.string(), license: v.string() });

/** What a package of a registry has in `bun.lock`: `NAME@VERSION`, the registry, what it needs, the digest. */
const entrySchema = v.tuple([
  v.string(),
  v.string(),
  v.object({ dependencies: v.optional(v.record(v.string(), v.string()), {}) }),
  v.pipe(v.string(), v.startsWith("sha512-")),
]);

/** In `node_modules/a/node_modules/@b/c/index.js`: `a/node_modules/@b/c`. One package may be there in two versions. */
const PACKAGE = /node_modules\/((?:(?:@[^/]+\/)?[^/]+\/node_modules\/)*(?:@[^/]+\/)?[^/]+)\//;

/** Those that are in the program, by name and version. Rejects when one is not the one of `bun.lock`. */
export async function embeddedPackages(): Promise<EmbeddedPackage[]> {
  const { success, logs, metafile } = await Bun.build({
    entrypoints: [join(ROOT, "src/main.ts"), join(ROOT, "src/teleop/control-thread.ts")],
    target: "bun",
    metafile: true,
    plugins: [...PACKAGES_CHANGED],
    throw: false,
  });
  if (!success || metafile === undefined) throw new Error(logs.join("\n"));
  const paths = new Set(Object.keys(metafile.inputs).flatMap((file) => PACKAGE.exec(file)?.[1] ?? []));
  const packages = await Promise.all([...paths].map(packageAt));
  return packages.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

async function packageAt(path: string): Promise<EmbeddedPackage> {
  const dir = join(ROOT, "node_modules", path);
  const known = v.parse(packageSchema, await Bun.file(join(dir, "package.json")).json());
  const entry = lock.packages[path.replaceAll("/node_modules/", "/")];
  const [identity, , { dependencies }, integrity] = v.parse(entrySchema, entry);
  if (identity !== `${known.name}@${known.version}`) {
    throw new Error(`node_modules/${path} is ${known.name} ${known.version}, and bun.lock has ${identity}`);
  }
  return { ...known, dir, integrity, dependencies: Object.keys(dependencies) };
}

function sortKey({ name, version }: EmbeddedPackage): string {
  return `${name} ${version}`;
}
