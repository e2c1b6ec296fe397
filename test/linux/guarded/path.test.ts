/** The way from a path that somebody names to a folder or a file: which links on it are followed. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OddFileError } from "../../../src/linux/guarded/odd-file.ts";
import { inFolder, readNamedFile } from "../../../src/linux/guarded/path.ts";
import { needing, ROOT } from "../../support/needs.ts";
import { thrown } from "../../support/thrown.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "so101-path-"));
  mkdirSync(join(home, "data/cache/lerobot"), { recursive: true });
  symlinkSync("data/cache", join(home, ".cache"));
});
afterEach(() => rmSync(home, { recursive: true }));

const inodeOf = (path: string) => inFolder(path, "throw", (folder) => folder.stats.ino);

test("links are followed where nobody else can make one: relative, absolute, with .. and several", () => {
  const { ino } = statSync(join(home, "data/cache/lerobot"));
  symlinkSync(join(home, ".cache/lerobot"), join(home, "absolute"));
  symlinkSync(".cache/../cache/lerobot", join(home, "upwards"));
  for (const path of [".cache/lerobot", "absolute", "upwards"]) expect(inodeOf(join(home, path))).toBe(ino);
});

test("links that lead in a circle are given up", () => {
  symlinkSync("b", join(home, "a"));
  symlinkSync("a", join(home, "b"));
  for (const follow of [inodeOf, (path: string) => readNamedFile(path, 100)])
    expect(() => follow(join(home, "a"))).toThrow(expect.objectContaining({ code: "ELOOP" }));
});

test.each([0o777, 0o1777, 0o775])("a link in a folder of mode %o is refused by its name", (mode) => {
  chmodSync(home, mode);
  // Anybody but this user, and who has this user's own group.
  if (mode === 0o775) {
    if (process.geteuid?.() !== 0) return;
    chownSync(home, 0, 5678);
  }
  const error = thrown(OddFileError, () => inodeOf(join(home, ".cache/lerobot")));
  expect(error.path).toBe(join(home, ".cache"));
  expect(error.message).toContain("where others may write");
  symlinkSync("/etc/hostname", join(home, "file"));
  expect(() => readNamedFile(join(home, "file"), 100)).toThrow("where others may write");
});

needing(ROOT).test(
  "a link in a folder of somebody else's is refused, and followed for that user who called sudo",
  () => {
    chownSync(home, 1234, 1234);
    expect(() => inodeOf(join(home, ".cache"))).toThrow("where others may write");
    process.env.SUDO_UID = "1234";
    try {
      expect(inodeOf(join(home, ".cache"))).toBe(statSync(join(home, "data/cache")).ino);
    } finally {
      delete process.env.SUDO_UID;
    }
  },
);

test("what is missing is made when it may be, and the system's error otherwise", () => {
  const path = join(home, ".cache/new/calibration");
  expect(() => inodeOf(path)).toThrow(
    expect.objectContaining({ code: "ENOENT", path: join(home, "data/cache/new") }),
  );
  inFolder(path, "make", () => {});
  expect(statSync(join(home, "data/cache/new/calibration")).mode & 0o7777).toBe(0o2775);
});

test("a file on the way is said to be no folder", () => {
  writeFileSync(join(home, "file"), "");
  expect(() => inodeOf(join(home, "file/calibration"))).toThrow("not a folder, but a file");
});

test("a file that a person named is read through a link of that person's, and only to its bound", () => {
  writeFileSync(join(home, "data/red.json"), "x".repeat(100));
  symlinkSync("data/red.json", join(home, "mine.json"));
  expect(readNamedFile(join(home, "mine.json"), 100).bytes).toHaveLength(100);
  expect(() => readNamedFile(join(home, "mine.json"), 99)).toThrow("its 100 bytes are more than the 99");
  expect(() => readNamedFile("/dev/zero", 100)).toThrow("not a file, but a device");
});

test("what a named link leads to is told with the name that the person knows", () => {
  const link = join(home, "zeros.json");
  symlinkSync("/dev/zero", link);
  expect(() => readNamedFile(link, 100)).toThrow(
    expect.objectContaining({ path: link, message: "a link to /dev/zero: not a file, but a device" }),
  );
});
