/** The Bun that builds and the Bun that ships are the pinned ones to the byte, wherever they come from. */
import { afterAll, afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import lock from "../../bun.lock";
import { engines, packageManager } from "../../package.json";
import { pinnedRuntime, runtimeFor, thisProcessor } from "../../scripts/toolchain.ts";
import { needing, program } from "../support/needs.ts";

// Files of 100 MB are copied and judged.
setDefaultTimeout(120_000);

const npm = program("npm", "npm");
const root = resolve(import.meta.dir, "../..");
const other = thisProcessor === "x64" ? "arm64" : "x64";
const { name: otherName, sha256: otherSha256 } = pinnedRuntime(other);

/** A source tree without packages, in which nothing is fetched yet, and a folder of programs before the PATH's. */
let tree: string;
let programs: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "so101-toolchain-"));
  programs = join(tree, "programs");
  mkdirSync(join(tree, "scripts"));
  mkdirSync(programs);
  for (const name of ["bootstrap", "toolchain.json"]) {
    cpSync(join(root, "scripts", name), join(tree, "scripts", name));
  }
  writeFileSync(
    join(tree, "package.json"),
    JSON.stringify({ private: true, packageManager, scripts: { postinstall: "touch script-ran" } }, null, 2),
  );
});
afterEach(() => rmSync(tree, { recursive: true }));

const bootstrap = async (...args: string[]) => {
  const child = Bun.spawn(["scripts/bootstrap", ...args], {
    cwd: tree,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: {
      PATH: `${programs}:${process.env.PATH}`,
      HOME: tree,
      BUN_INSTALL_CACHE_DIR: join(tree, "cache"),
      npm_config_cache: join(tree, "npm-cache"),
      npm_config_registry: registry.url.href,
      // On a machine that is busy for long one request may come to nothing: npm itself waits minutes for it.
      npm_config_fetch_timeout: "10000",
      npm_config_fetch_retry_mintimeout: "1000",
      npm_config_update_notifier: "false",
    },
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err };
};

function fake(name: string, text: string): void {
  writeFileSync(join(programs, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(programs, name), 0o755);
}

const digestOf = async (path: string) =>
  new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");

/** A registry that gives something else than Bun under its name, with a digest that is right for that. */
const TAMPERED = `#!/bin/sh\ntouch "$HOME/ran"\necho ${engines.bun}\n`;
/** Made once each: an archive has the time in it, and another second would make it another one. */
const tampered = new Map<string, Promise<Uint8Array>>();
function tamperedArchive(name: string): Promise<Uint8Array> {
  const files = {
    "package/package.json": JSON.stringify({ name, version: engines.bun }),
    "package/bin/bun": TAMPERED,
  };
  const archive = tampered.get(name) ?? new Bun.Archive(files, { compress: "gzip" }).bytes();
  tampered.set(name, archive);
  return archive;
}
const registry: Bun.Server<undefined> = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async ({ url }): Promise<Response> => {
    const path = decodeURIComponent(new URL(url).pathname).slice(1);
    const [, name] = /^(@oven\/[a-z0-9-]+)/.exec(path) ?? [];
    if (name === undefined) return new Response("not found", { status: 404 });
    const tarball = await tamperedArchive(name);
    if (path.endsWith(".tgz")) return new Response(tarball);
    const integrity = `sha512-${new Bun.CryptoHasher("sha512").update(tarball).digest("base64")}`;
    const dist = { tarball: `${registry.url.href}${name}/-/bun-${engines.bun}.tgz`, integrity };
    return Response.json({
      name,
      "dist-tags": { latest: engines.bun },
      versions: { [engines.bun]: { name, version: engines.bun, dist } },
    });
  },
});
afterAll(() => registry.stop(true));

test("what is pinned is the Bun that runs here, of the version that package.json names", async () => {
  expect(packageManager).toBe(`bun@${engines.bun}`);
  expect(Bun.version).toBe(engines.bun);
  expect(await digestOf(process.execPath)).toBe(pinnedRuntime(thisProcessor).sha256);
  const { path } = await runtimeFor(thisProcessor);
  expect(await digestOf(path)).toBe(pinnedRuntime(thisProcessor).sha256);
});

test("every package of bun.lock is held by a digest, and comes from the registry that is set up", () => {
  const wrong = Object.entries(lock.packages).filter(([, [, from, , integrity]]) => {
    return from !== "" || !/^sha512-[A-Za-z0-9+/]{86}==$/.test(`${integrity}`);
  });
  expect(wrong).toEqual([]);
  expect(Object.keys(lock.packages).length).toBeGreaterThan(30);
});

test("a Bun on the PATH that only says that it is the right one is not run", async () => {
  fake("bun", `touch ${tree}/ran; echo ${engines.bun}`);
  fake("npm", "exit 1");
  expect(await bootstrap()).toMatchObject({
    code: 1,
    err: expect.stringContaining(`Bun ${engines.bun} could not be fetched`),
  });
  expect(existsSync(join(tree, "ran"))).toBe(false);
  expect(existsSync(join(tree, ".tools/bun"))).toBe(false);
});

test("the right one on the PATH is taken as a copy, and no package's or project's script is run", async () => {
  symlinkSync(process.execPath, join(programs, "bun"));
  fake("npm", "exit 1");
  expect(await bootstrap()).toEqual({ code: 0, out: "", err: "" });
  expect(realpathSync(join(tree, ".tools/bun"))).toStartWith(realpathSync(tree));
  expect(lstatSync(realpathSync(join(tree, ".tools/bun"))).isFile()).toBe(true);
  expect(await bootstrap("--check")).toMatchObject({ code: 0 });
  expect(existsSync(join(tree, "script-ran"))).toBe(false);

  // Whatever is changed of it afterwards is noticed before it is run again.
  appendFileSync(join(tree, ".tools/bun"), "\n");
  expect(await bootstrap("--check")).toMatchObject({ code: 1 });
  expect(await bootstrap()).toMatchObject({ code: 0 });
  expect(await bootstrap("--check")).toMatchObject({ code: 0 });
});

needing(npm).test(
  "another Bun than the pinned one from a registry is not run, and both digests are named",
  async () => {
    fake("bun", "exit 1");
    const { name, sha256 } = pinnedRuntime(thisProcessor);
    const { code, err } = await bootstrap();
    expect(err).toContain(
      `What came as ${name} ${engines.bun} is not the file that scripts/toolchain.json pins.`,
    );
    expect(err).toContain(new Bun.CryptoHasher("sha256").update(TAMPERED).digest("hex"));
    expect(err).toContain(sha256);
    expect(code).toBe(1);
    expect(existsSync(join(tree, "ran"))).toBe(false);
    expect(existsSync(join(tree, ".tools/bun"))).toBe(false);
  },
);

test("another runtime for the other processor than the pinned one goes into no program", async () => {
  symlinkSync(process.execPath, join(programs, "bun"));
  expect(await bootstrap()).toMatchObject({ code: 0 });
  // Neither one that lies where it belongs …
  writeFileSync(join(tree, ".tools", otherName.replace("@oven/", "")), TAMPERED);
  // … nor one that the registry gives.
  const { code, out, err } = await bootstrap("--runtime", other);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain(
    `What came as ${otherName} ${engines.bun} is not the file that scripts/toolchain.json pins.`,
  );
  expect(err).toContain(otherSha256);
});
