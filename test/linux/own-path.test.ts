import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeableByOthers } from "../../src/linux/own-path.ts";
import { needing, ROOT } from "../support/needs.ts";

const NOBODY = 65_534;
/** Debian's group of those who may use serial ports; any other would do. */
const DIALOUT = 20;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "so101-own-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A new folder with a file, of an owner, a group and a mode. */
function folder(name: string, { uid = 0, gid = 0, mode = 0o755 } = {}): string {
  const path = join(dir, name);
  mkdirSync(path);
  writeFileSync(join(path, "file"), "");
  chownSync(path, uid, gid);
  chmodSync(path, mode);
  return path;
}

test("what is root's, and what is ours in a folder that keeps things their owner's, is nobody else's", () => {
  expect(changeableByOthers("/usr/bin")).toBeUndefined();
  expect(changeableByOthers(dir)).toBeUndefined();
  expect(changeableByOthers(join(dir, "not/there"))).toBeUndefined();
  expect(changeableByOthers("/tmp/not-there")).toBeUndefined();
});

needing(ROOT).test("a folder is another's whose owner, whose mode or whose group says so", () => {
  for (const [name, owner, isOthersToRoot, isOthersToItsOwner] of [
    ["another user's", { uid: NOBODY }, true, false],
    ["everybody's", { mode: 0o777 }, true, true],
    ["a group's", { gid: DIALOUT, mode: 0o2775 }, true, false],
    ["a group's to read", { gid: DIALOUT, mode: 0o750 }, false, false],
    ["sticky", { mode: 0o1777 }, false, false],
  ] as const) {
    const path = folder(name, owner);
    const expected = (isOthers: boolean) => (isOthers ? path : undefined);
    for (const below of ["file", "not-there", "not/there"]) {
      expect([name, changeableByOthers(join(path, below), 0)]).toEqual([name, expected(isOthersToRoot)]);
      expect([name, changeableByOthers(join(path, below), NOBODY)]).toEqual([
        name,
        expected(isOthersToItsOwner),
      ]);
    }
  }
});

needing(ROOT).test("what another has put into a sticky folder is his, were it a link to what is not", () => {
  const path = folder("as in tmp", { mode: 0o1777 });
  mkdirSync(join(path, "mine"));
  mkdirSync(join(path, "his"));
  chownSync(join(path, "his"), NOBODY, NOBODY);
  symlinkSync("/usr/bin", join(path, "link"));
  expect(changeableByOthers(join(path, "mine"))).toBeUndefined();
  expect(changeableByOthers(join(path, "link"))).toBeUndefined();
  expect(changeableByOthers(join(path, "his/deep"))).toBe(join(path, "his"));
  rmSync(join(path, "link"));
  symlinkSync("/usr/bin", join(path, "his-link"));
  const lchown = Bun.spawnSync(["chown", "-h", `${NOBODY}`, join(path, "his-link")]);
  expect(lchown.success).toBe(true);
  expect(changeableByOthers(join(path, "his-link"))).toBe(join(path, "his-link"));
});

needing(ROOT).test("a link is followed to where it leads, by each of its folders", () => {
  const his = folder("his", { uid: NOBODY });
  const mine = folder("mine");
  symlinkSync("../his/file", join(mine, "relative"));
  symlinkSync(join(his, "file"), join(mine, "absolute"));
  symlinkSync("../mine/./file", join(mine, "round"));
  symlinkSync(join(dir, "mine"), join(his, "mine"));
  symlinkSync(his, join(mine, "to-his"));
  symlinkSync(mine, join(his, "to-mine"));
  symlinkSync("circle", join(mine, "circle"));
  expect(changeableByOthers(join(mine, "relative"))).toBe(his);
  expect(changeableByOthers(join(mine, "absolute"))).toBe(his);
  expect(changeableByOthers(join(mine, "round"))).toBeUndefined();
  expect(changeableByOthers(`${mine}/to-his/../mine/file`)).toBe(his);
  expect(changeableByOthers(join(his, "to-mine/file"))).toBe(his);
  expect(() => changeableByOthers(join(mine, "circle"))).toThrow();
});
