/** The manual's pages: what is installed of them, that their links lead somewhere, that they know the program. */
import { expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";
import { manualPages } from "../../packaging/manual.ts";
import { sampleSchema, statusSchema } from "../../src/api/protocol.ts";
import { allCommands } from "../../src/cli/all.ts";
import { commandLine } from "../../src/cli/command-line.ts";
import { PAIR_STATES } from "../../src/teleop/state/states.ts";

const root = join(import.meta.dir, "../..");
const read = (path: string) => Bun.file(join(root, path)).text();

const documents = await Promise.all(
  ["*.md", "packaging/doc/**/*.md"]
    .flatMap((pattern) => [...new Glob(pattern).scanSync(root)])
    .map(async (path) => ({ path, text: await read(path) })),
);

/** The anchor that a forge gives a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- ]/gu, "")
    .replaceAll(" ", "-");

const withoutExamples = (text: string) => text.replaceAll(/^```.*?^```/gms, "");

const anchorsOf = (text: string) =>
  [...withoutExamples(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));

test("every page is installed as it is, compressed unless it is small, with its pictures, and no decision", async () => {
  const pages = await manualPages();
  const names = pages.map(({ path }) => path);
  expect(names).toContain("/usr/share/doc/so101-teleop/install.md.gz");
  expect(names).toContain("/usr/share/doc/so101-teleop/simulator.md.gz");
  expect(names).toContain("/usr/share/doc/so101-teleop/pictures/now.png");
  // To be copied and edited: as they are.
  expect(names).toContain("/usr/share/doc/so101-teleop/mosquitto/so101.conf");
  expect(names).toContain("/usr/share/doc/so101-teleop/mosquitto/so101.acl");
  expect(names.filter((name) => name.includes("decisions") || name.includes("00"))).toEqual([]);
  for (const { path, content } of pages) {
    const name = path.slice("/usr/share/doc/so101-teleop/".length);
    const source = await Bun.file(join(root, "packaging/doc", name.replace(/\.gz$/, ""))).bytes();
    const isPacked = name.endsWith(".gz");
    expect({ name, isPacked }).toEqual({ name, isPacked: source.length > 4096 && !name.endsWith(".png") });
    expect(new Uint8Array(isPacked ? Bun.gunzipSync(Buffer.from(content)) : content)).toEqual(source);
  }
});

test("every link within the project leads to a file, and to a heading of it", async () => {
  const broken: string[] = [];
  let followed = 0;
  for (const { path, text } of documents) {
    for (const [, target = ""] of withoutExamples(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const to = file === "" ? path : relative(root, join(root, dirname(path), file));
      followed++;
      if (!(await Bun.file(join(root, to)).exists())) broken.push(`${path}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(await read(to)).includes(anchor))
        broken.push(`${path}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
  expect(followed).toBeGreaterThan(20);
});

test.each([
  ["safety rule", "packaging/doc/safety.md", 9],
  ["line of the threat model", "packaging/doc/threat-model.md", 24],
] as const)("each %s names its tests, and each of them exists", async (_, page, count) => {
  const rules = (await read(page)).split(/^## /m).slice(1);
  expect(rules.length).toBe(count);
  const missing: string[] = [];
  for (const rule of rules) {
    const tests = [...rule.matchAll(/^- `([^`]+)` ›\s+`([^`]+)`/gm)];
    if (tests.length === 0) missing.push(`none: ${rule.split("\n")[0]}`);
    for (const [, file = "", name = ""] of tests) {
      const exists = await Bun.file(join(root, file)).exists();
      if (!exists || !(await read(file)).includes(`"${name}"`)) missing.push(`${file} › ${name}`);
    }
  }
  expect(missing).toEqual([]);
});

test("the threat model names every variable of the environment that the program reads", async () => {
  const page = await read("packaging/doc/threat-model.md");
  const names = new Set<string>();
  for (const path of new Glob("src/**/*.ts").scanSync(root)) {
    const text = (await read(path)).replaceAll(/\/\*[\s\S]*?\*\/|\/\/ .*$/gm, "");
    for (const [, name] of text.matchAll(/\benv\??\.([A-Z][A-Z_]+)/g)) names.add(name!);
    for (const [, list] of text.matchAll(/\{ ([A-Z_, ]+) \} = env\b/g))
      for (const name of list!.split(", ")) names.add(name);
  }
  expect(names.size).toBeGreaterThan(10);
  expect([...names].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  // What is handed on to the program itself is read by it.
  const [, passed = ""] = /READ_BY_US =\s*\/\^\(([^)]+)\)\$/.exec(await read("src/host/programs.ts")) ?? [];
  expect(passed).toContain("|");
  expect(passed.split("|").filter((name) => !page.includes(`\`${name.replace("\\w+", "*")}\``))).toEqual([]);
});

test("the page of the commands has each of them", async () => {
  const page = await read("packaging/doc/commands.md");
  const missing = commandLine(allCommands())
    .commands.flatMap((command) => [command, ...command.commands])
    .map((command) => command.name())
    .filter((name) => !new RegExp(`\`[^\`]*\\b${name}\\b`).test(page));
  expect(missing).toEqual([]);
});

test("the page of the behaviour has each state of a pair, in the order in which they come", async () => {
  const page = await read("packaging/doc/behaviour.md");
  const [, table = ""] = page.split(/^## States$/m);
  const [states = ""] = table.trim().split("\n\n");
  const rows = [...states.matchAll(/^\| (\w+) /gm)].map(([, state]) => state!);
  expect(rows).toEqual(["state", ...PAIR_STATES]);
});

test("the page of the control socket has each field of a status and of a sample", async () => {
  const page = await read("packaging/doc/api.md");
  const { leader } = statusSchema.entries.arms.entries;
  const { gripper } = leader.entries.joints.entries;
  const missing = [statusSchema, leader, gripper, sampleSchema]
    .flatMap(({ entries }) => Object.keys(entries))
    // The page has both arms as `arms.leader`, `.follower`.
    .filter((field) => !new RegExp(`^\\| .*\`${field}(\\.leader)?\`.* \\|`, "m").test(page));
  expect(missing).toEqual([]);
});
