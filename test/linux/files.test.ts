/** Files that a loss of power leaves whole: on a real disk, the order of the system calls included. */
import { afterEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeFolder, replaceFile } from "../../src/linux/files.ts";
import { needing, program, ROOT } from "../support/needs.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "so101-files-"));
  folders.push(folder);
  return folder;
}

const modeOf = (path: string) => statSync(path).mode & 0o7777;

test("a new file has its content and, whatever the umask, the mode that was asked for", () => {
  const folder = newFolder();
  const before = process.umask(0o077);
  try {
    replaceFile(join(folder, "plain"), "{}\n");
    replaceFile(join(folder, "private"), "secret", 0o600);
  } finally {
    process.umask(before);
  }
  expect(readFileSync(join(folder, "plain"), "utf8")).toBe("{}\n");
  expect(modeOf(join(folder, "plain"))).toBe(0o664);
  expect(modeOf(join(folder, "private"))).toBe(0o600);
});

test("a file that cannot be written is named, and not the temporary one", () => {
  const file = join(newFolder(), "no", "arm.json");
  expect(() => replaceFile(file, "x")).toThrow(expect.objectContaining({ code: "ENOENT", path: file }));
});

test("whoever has the old file open reads it to its end", () => {
  const file = join(newFolder(), "arm.json");
  writeFileSync(file, "old");
  const reader = openSync(file, "r");
  try {
    replaceFile(file, "new and longer");
    expect(readFileSync(reader, "utf8")).toBe("old");
  } finally {
    closeSync(reader);
  }
  expect(readFileSync(file, "utf8")).toBe("new and longer");
});

test("a file that is replaced keeps its mode", () => {
  const file = join(newFolder(), "arm.json");
  writeFileSync(file, "old");
  chmodSync(file, 0o640);
  replaceFile(file, "new", 0o664);
  expect(modeOf(file)).toBe(0o640);
});

needing(ROOT).test("a file that is replaced keeps its owner and group", () => {
  const file = join(newFolder(), "arm.json");
  writeFileSync(file, "old");
  chownSync(file, 1234, 5678);
  replaceFile(file, "new");
  expect(statSync(file)).toMatchObject({ uid: 1234, gid: 5678 });
});

test("a link stays a link, and what it leads to is replaced", () => {
  const folder = newFolder();
  const target = join(folder, "there", "arm.json");
  mkdirSync(dirname(target));
  writeFileSync(target, "old");
  const link = join(folder, "link.json");
  symlinkSync(target, link);
  replaceFile(link, "new");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, "utf8")).toBe("new");
});

test("what cannot be replaced stays as it was, and no temporary file is left", () => {
  const folder = newFolder();
  // A folder of that name: only the very last step, the rename, fails.
  const inTheWay = join(folder, "arm.json");
  mkdirSync(inTheWay);
  writeFileSync(join(inTheWay, "kept"), "old");
  expect(() => replaceFile(inTheWay, "new")).toThrow("EISDIR");
  expect(readdirSync(folder)).toEqual(["arm.json"]);
  expect(readFileSync(join(inTheWay, "kept"), "utf8")).toBe("old");
  expect(() => replaceFile(join(folder, "nowhere", "arm.json"), "new")).toThrow("ENOENT");
});

test("a folder is made with those above it, for its group to share; one that is there stays as it is", () => {
  const folder = newFolder();
  const before = process.umask(0o002);
  try {
    makeFolder(join(folder, "robots", "so101_leader"));
  } finally {
    process.umask(before);
  }
  expect(modeOf(join(folder, "robots"))).toBe(0o775);
  expect(modeOf(join(folder, "robots", "so101_leader"))).toBe(0o775);
  chmodSync(join(folder, "robots"), 0o700);
  makeFolder(join(folder, "robots"));
  expect(modeOf(join(folder, "robots"))).toBe(0o700);
});

needing(program("strace", "strace")).test(
  "a file's content is on the disk before its name leads to it, and the name before the call returns",
  () => {
    const folder = newFolder();
    const file = join(folder, "arm.json");
    const trace = join(folder, "trace");
    const files = join(import.meta.dir, "../../src/linux/files.ts");
    const script = `import { replaceFile } from ${JSON.stringify(files)}; replaceFile(${JSON.stringify(file)}, "whole");`;
    const calls = "--trace=fsync,rename,renameat,renameat2";
    const traced = ["strace", "-f", "-y", calls, "-o", trace, process.execPath, "-e", script];
    expect(Bun.spawnSync(traced).exitCode).toBe(0);
    const ours = readFileSync(trace, "utf8")
      .split("\n")
      .filter((line) => line.includes(folder))
      .map((line) => /\d+ +(\w+)\(\d+<(.+?)>|\d+ +(rename)/.exec(line)!)
      .map(([, call, path, rename]) => rename ?? (path === folder ? `${call} folder` : `${call} file`));
    expect(ours).toEqual(["fsync file", "rename", "fsync folder"]);
    expect(readFileSync(file, "utf8")).toBe("whole");
  },
);

needing(program("strace", "strace")).test(
  "when only the folder cannot be synced the file is there, and that is said",
  () => {
    const file = join(newFolder(), "arm.json");
    const files = join(import.meta.dir, "../../src/linux/files.ts");
    const script = `import { replaceFile } from ${JSON.stringify(files)}; replaceFile(${JSON.stringify(file)}, "whole");`;
    const inject = ["-f", "-o", "/dev/null", "-e", "inject=fsync:error=EIO:when=2"];
    const { exitCode, stderr } = Bun.spawnSync(["strace", ...inject, process.execPath, "-e", script]);
    expect(exitCode).toBe(1);
    expect(stderr.toString()).toContain(`${file} is written, and the disk did not confirm its folder`);
    expect(readFileSync(file, "utf8")).toBe("whole");
  },
);
