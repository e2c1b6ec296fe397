/** A folder that others may write to: what they put there, and what may become of it. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GuardedFolder } from "../../../src/linux/guarded/folder.ts";
import { OddFileError } from "../../../src/linux/guarded/odd-file.ts";
import { inFolder } from "../../../src/linux/guarded/path.ts";
import { needing, program, ROOT } from "../../support/needs.ts";
import { thrown } from "../../support/thrown.ts";

let base: string;
/** The folder that is shared, and a file of somebody else's that is none of its. */
let shared: string;
let outside: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "so101-guarded-"));
  [shared, outside] = [join(base, "shared"), join(base, "outside")];
  mkdirSync(shared);
  writeFileSync(outside, "secret", { mode: 0o600 });
});
const listening: { stop: () => void }[] = [];
afterEach(() => {
  for (const socket of listening.splice(0)) socket.stop();
  rmSync(base, { recursive: true });
});

const within = <T>(work: (folder: GuardedFolder) => T): T => inFolder(shared, "throw", work);
const at = (name: string) => join(shared, name);
const modeOf = (path: string) => statSync(path).mode & 0o7777;
const read = (name: string) => within((folder) => folder.read(name, 100).bytes.toString());

/** What others can put at a name. */
const odd: Readonly<Record<string, (path: string) => void>> = {
  "a link to a file": (path) => symlinkSync(outside, path),
  "a link to nothing": (path) => symlinkSync(join(base, "not there yet"), path),
  "a link to a folder": (path) => symlinkSync(base, path),
  "a link to itself": (path) => symlinkSync(path, path),
  "a hard link": (path) => linkSync(outside, path),
  "a pipe": (path) => void Bun.spawnSync(["mkfifo", path]),
  "a socket": (path) => {
    listening.push(Bun.listen({ unix: path, socket: { data() {} } }));
  },
  "a file of a gigabyte": (path) => {
    writeFileSync(path, "");
    truncateSync(path, 2 ** 30);
    chmodSync(path, 0o640);
  },
};

function untouched(): void {
  expect(readFileSync(outside, "utf8")).toBe("secret");
  expect(modeOf(outside)).toBe(0o600);
  expect(existsSync(join(base, "not there yet"))).toBe(false);
}

test.each(Object.keys(odd))("%s is not read, and what it is is said", (kind) => {
  odd[kind]!(at("arm.json"));
  const error = thrown(OddFileError, () => read("arm.json"));
  expect(error.path).toBe(at("arm.json"));
  const said = /^a link, and|names \(hard links\)|^not a file, but a (pipe|socket)$|^its 1073741824 bytes/;
  expect(error.message).toMatch(said);
  untouched();
});

test.each(Object.keys(odd))("%s is replaced by what is written, and never written to", (kind) => {
  odd[kind]!(at("arm.json"));
  within((folder) => folder.replace("arm.json", "fresh"));
  expect(lstatSync(at("arm.json")).isFile()).toBe(true);
  expect(readFileSync(at("arm.json"), "utf8")).toBe("fresh");
  // A file of however many bytes keeps its mode; nothing else has one to keep.
  expect(modeOf(at("arm.json"))).toBe(kind === "a file of a gigabyte" ? 0o640 : 0o664);
  expect(readdirSync(shared)).toEqual(["arm.json"]);
  untouched();
});

test.each(Object.keys(odd))("%s is removed by its name alone", (kind) => {
  odd[kind]!(at("arm.json"));
  within((folder) => folder.remove("arm.json"));
  expect(readdirSync(shared)).toEqual([]);
  untouched();
});

needing(ROOT).test("a device is neither read nor opened", () => {
  // Endless zeros.
  expect(Bun.spawnSync(["mknod", at("arm.json"), "c", "1", "5"]).success).toBe(true);
  expect(() => read("arm.json")).toThrow("not a file, but a device");
});

test("a folder in a file's place is neither read nor replaced", () => {
  mkdirSync(at("arm.json"));
  expect(() => read("arm.json")).toThrow("not a file, but a folder");
  expect(() => within((folder) => folder.replace("arm.json", "fresh"))).toThrow("not a file, but a folder");
  expect(() => within((folder) => folder.remove("arm.json"))).toThrow(
    expect.objectContaining({ code: "EISDIR" }),
  );
  expect(readdirSync(shared)).toEqual(["arm.json"]);
});

test("a link in a folder's place is not entered, whatever it leads to", () => {
  mkdirSync(join(base, "elsewhere"));
  symlinkSync("../elsewhere", at("robots"));
  for (const enter of [
    (folder: GuardedFolder) => folder.folder("robots"),
    (folder: GuardedFolder) => folder.makeFolder("robots"),
  ]) {
    const error = thrown(OddFileError, () => within(enter));
    expect(error).toMatchObject({
      path: at("robots"),
      message: expect.stringContaining("a link, and links"),
    });
  }
  expect(within((folder) => folder.linkTarget("robots"))).toBe("../elsewhere");
  expect(readdirSync(join(base, "elsewhere"))).toEqual([]);
});

test("a name that is none cannot be made one", () => {
  for (const name of ["a\0b", "x".repeat(300)])
    expect(() => within((folder) => folder.replace(name, "x"))).toThrow(/EINVAL|ENAMETOOLONG/);
  expect(readdirSync(shared)).toEqual([]);
});

test("folders are the group's, whatever the umask, and in the folder's group", () => {
  const before = process.umask(0o077);
  try {
    within((folder) => folder.makeFolder("robots").makeFolder("so101_leader").close());
  } finally {
    process.umask(before);
  }
  for (const name of ["robots", "robots/so101_leader"]) {
    expect(modeOf(at(name))).toBe(0o2775);
    expect(statSync(at(name)).gid).toBe(statSync(shared).gid);
  }
  chmodSync(at("robots"), 0o700);
  within((folder) => folder.makeFolder("robots").close());
  expect(modeOf(at("robots"))).toBe(0o700);
});

test("a file that is replaced keeps its mode; a new one is the group's, whatever the umask", () => {
  const before = process.umask(0o077);
  try {
    writeFileSync(at("kept"), "old");
    chmodSync(at("kept"), 0o640);
    within((folder) => [folder.replace("kept", "new"), folder.replace("made", "new")]);
  } finally {
    process.umask(before);
  }
  expect([modeOf(at("kept")), modeOf(at("made"))]).toEqual([0o640, 0o664]);
});

test("what a killed writer left is swept when it is old, and nothing else is", () => {
  const litter = ".arm.json.0b0c7a7e-6b1d-4c5e-9d8e-1d5a4c0f6b7a";
  const young = ".arm.json.1b0c7a7e-6b1d-4c5e-9d8e-1d5a4c0f6b7a";
  const theirs = [".arm.json", "arm.json.old", ".notes.2026", "0b0c7a7e-6b1d-4c5e-9d8e-1d5a4c0f6b7a"];
  for (const name of [litter, young, ...theirs]) writeFileSync(at(name), "");
  for (const name of [litter, ...theirs]) utimesSync(at(name), 1e9, 1e9);
  const link = ".arm.json.2b0c7a7e-6b1d-4c5e-9d8e-1d5a4c0f6b7a";
  symlinkSync(outside, at(link));
  Bun.spawnSync(["touch", "-h", "-d", "2001-01-01", at(link)]);
  within((folder) => folder.replace("arm.json", "fresh"));
  expect(readdirSync(shared).sort()).toEqual([young, ...theirs, "arm.json"].sort());
  untouched();
});

test("a folder that was filled by others is not listed to its end", () => {
  for (let file = 0; file < 600; file++) writeFileSync(at(`${file}.json`), "");
  expect(within((folder) => folder.names())).toHaveLength(512);
});

test("names are whole, and the folder's own are not among them", () => {
  const names = ["red.json", "…", "x".repeat(255), ".hidden"];
  for (const name of names) writeFileSync(at(name), "");
  expect(within((folder) => folder.names()).sort()).toEqual(names.sort());
});

needing(ROOT).test(
  "in a user's folder root makes what is the user's, and reads what the user may read",
  () => {
    chownSync(shared, 1234, 5678);
    chmodSync(base, 0o755);
    writeFileSync(at("roots"), "secret", { mode: 0o600 });
    within((folder) => {
      folder.replace("arm.json", "fresh");
      folder.makeFolder("robots").close();
      folder.makeLink("link", "robots");
      expect(() => folder.read("roots", 100)).toThrow(expect.objectContaining({ code: "EACCES" }));
    });
    for (const name of ["arm.json", "robots", "link"])
      expect(lstatSync(at(name))).toMatchObject({ uid: 1234, gid: 5678 });
    expect(readlinkSync(at("link"))).toBe("robots");
  },
);

needing(ROOT).test("in a group's folder root works with that group's rights, as whoever called sudo", () => {
  const script = `
    const { inFolder } = await import(process.argv[1]);
    inFolder(process.argv[2], "throw", (folder) => {
      folder.replace("arm.json", "fresh");
      folder.makeFolder("robots").close();
      try { folder.read("roots", 100); } catch (error) { console.log(error.code); }
    });
    console.log(process.geteuid(), process.getgroups().join());
    (await import("node:fs")).readFileSync(process.argv[2] + "/roots");`;
  const source = join(import.meta.dir, "../../../src/linux/guarded/path.ts");
  chownSync(shared, 0, 5678);
  chmodSync(shared, 0o2775);
  writeFileSync(at("roots"), "secret", { mode: 0o600 });
  const env = { ...process.env, SUDO_UID: "1234" };
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script, source, shared], { env });
  expect(stderr.toString()).toBe("");
  // Root again, with root's groups, once it is done.
  expect(stdout.toString()).toMatch(/^EACCES\n0 \S*\n$/);
  expect(statSync(at("arm.json"))).toMatchObject({ uid: 1234, gid: 5678, mode: 0o100664 });
  expect(statSync(at("robots"))).toMatchObject({ uid: 1234, gid: 5678, mode: 0o042775 });
});

needing(program("strace", "strace")).test(
  "a file's content is on the disk before its name leads to it, and the name before the call returns",
  () => {
    const { calls, stdout } = traced("--trace=fsync,rename,renameat,renameat2");
    expect(stdout).toBe("undefined\n");
    expect(calls.map((call) => /^\d+ +(fsync\(\d+<(.+?)>|renameat)/.exec(call)?.slice(1))).toEqual([
      [expect.stringMatching(/^fsync/), expect.stringMatching(/\/\.arm\.json\.[0-9a-f-]{36}$/)],
      ["renameat", undefined] as never,
      [expect.stringMatching(/^fsync/), shared],
    ]);
    expect(readFileSync(at("arm.json"), "utf8")).toBe("fresh");
  },
);

needing(program("strace", "strace")).test(
  "a folder that cannot be synced is told, for the file is there; a file that cannot be is not put in place",
  () => {
    writeFileSync(at("arm.json"), "old");
    const folder = traced("--trace=fsync", "--inject=fsync:error=EIO:when=2");
    expect(folder.stdout).toBe("EIO\n");
    expect(readFileSync(at("arm.json"), "utf8")).toBe("fresh");
    writeFileSync(at("arm.json"), "old");
    const file = traced("--trace=fsync", "--inject=fsync:error=EIO:when=1");
    expect(file.stderr).toContain("EIO");
    expect(readFileSync(at("arm.json"), "utf8")).toBe("old");
    expect(readdirSync(shared)).toEqual(["arm.json"]);
  },
);

/** Replaces a file in a process of its own under strace. */
function traced(...options: readonly string[]) {
  const source = join(import.meta.dir, "../../../src/linux/guarded/path.ts");
  const script = `
    const { inFolder } = await import(process.argv[1]);
    console.log(inFolder(process.argv[2], "throw", (folder) => folder.replace("arm.json", "fresh"))?.code);`;
  const trace = join(base, "trace");
  const command = [
    "strace",
    "-f",
    "-y",
    ...options,
    "-o",
    trace,
    process.execPath,
    "-e",
    script,
    source,
    shared,
  ];
  const { stdout, stderr } = Bun.spawnSync(command);
  const calls = readFileSync(trace, "utf8")
    .split("\n")
    .filter((line) => line.includes(shared));
  return { calls, stdout: stdout.toString(), stderr: stderr.toString() };
}
