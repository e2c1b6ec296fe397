import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { invokersEnvironment, invokingUser, replaceNamedFile } from "../../src/host/invoker.ts";
import { needing, ROOT } from "../support/needs.ts";

const sudo = { SUDO_UID: "1", SUDO_USER: "daemon", HOME: "/root" };

test("under sudo it is the user who called it, with that user's home", () => {
  expect(invokingUser(sudo, 0)).toMatchObject({ uid: 1, home: expect.stringMatching(/^\//) });
});

test.each([
  ["nobody called sudo", {}, 0],
  ["it is not root who runs", sudo, 1000],
  ["the system does not know that user", { SUDO_UID: "4000000" }, 0],
  ["the variable is no user's number", { SUDO_UID: "0; rm" }, 0],
] as const)("it is nobody when %s", (_, env, euid) => {
  expect(invokingUser(env, euid)).toBeUndefined();
});

test("without sudo the environment is as it is", () => {
  expect(invokersEnvironment({ HOME: "/home/me" })).toEqual({ HOME: "/home/me" });
});

needing(ROOT).describe("a file that is named to root", () => {
  const NOBODY = 65_534;
  const { SUDO_UID } = process.env;
  let dir: string;
  let theirs: string;
  let treasure: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "so101-named-"));
    chmodSync(dir, 0o755);
    theirs = join(dir, "theirs");
    treasure = join(dir, "treasure");
    mkdirSync(theirs);
    chownSync(theirs, NOBODY, NOBODY);
    writeFileSync(treasure, "root's");
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
    if (SUDO_UID === undefined) delete process.env.SUDO_UID;
    else process.env.SUDO_UID = SUDO_UID;
  });

  describe.each(["by sudo", "by root alone"])("%s", (how) => {
    beforeEach(() => {
      if (how === "by sudo") process.env.SUDO_UID = `${NOBODY}`;
      else delete process.env.SUDO_UID;
    });

    test("leads to no file of root's, by whatever link others may have put there", async () => {
      mkdirSync(join(dir, "root's"));
      writeFileSync(join(dir, "root's/a.toml"), "root's");
      symlinkSync(treasure, join(theirs, "file.toml"));
      symlinkSync(join(dir, "root's"), join(theirs, "folder"));
      symlinkSync(join(theirs, "file.toml"), join(dir, "to-theirs.toml"));
      for (const path of [
        `${theirs}/file.toml`,
        `${theirs}/folder/a.toml`,
        `${theirs}/folder/new.toml`,
        `${dir}/to-theirs.toml`,
      ]) {
        expect(await replaceNamedFile(path, "theirs").catch(() => "refused")).toBe("refused");
      }
      expect(readFileSync(treasure, "utf8")).toBe("root's");
      expect(readFileSync(join(dir, "root's/a.toml"), "utf8")).toBe("root's");
      expect(readdirSync(join(dir, "root's"))).toEqual(["a.toml"]);
    });

    test("is written by root where nobody else may change the way to it", async () => {
      symlinkSync(treasure, join(dir, "link.toml"));
      await replaceNamedFile(join(dir, "link.toml"), "changed");
      expect(readFileSync(treasure, "utf8")).toBe("changed");
      expect(statSync(treasure).uid).toBe(0);
    });
  });

  test("of whoever called sudo is written as his", async () => {
    process.env.SUDO_UID = `${NOBODY}`;
    const path = join(theirs, "mine.toml");
    await replaceNamedFile(path, "new");
    expect([readFileSync(path, "utf8"), statSync(path).uid]).toEqual(["new", NOBODY]);
    expect(process.geteuid!()).toBe(0);
  });

  test("where it is another's, root is told who may change it", async () => {
    delete process.env.SUDO_UID;
    await expect(replaceNamedFile(join(theirs, "a.toml"), "")).rejects.toThrow(
      `${theirs} may be changed by others`,
    );
  });
});
