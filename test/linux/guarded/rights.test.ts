/** Root's use of files with somebody else's rights. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { invokerUid, takeRights, userOfFiles } from "../../../src/linux/guarded/rights.ts";
import { needing, ROOT } from "../../support/needs.ts";

/** The user and the groups with which each thread of this process uses files. */
function rightsOfThreads(): string[] {
  return readdirSync("/proc/self/task").map((thread) => {
    const status = readFileSync(`/proc/self/task/${thread}/status`, "utf8");
    const [, user] = /^Uid:(?:\s+\d+){3}\s+(\d+)$/m.exec(status)!;
    const [, groups] = /^Groups:\s*(.*?)\s*$/m.exec(status)!;
    return `${user} of ${groups}`;
  });
}

needing(ROOT).test("rights are taken by one thread alone, groups and all, and given back", () => {
  const before = new Set(rightsOfThreads());
  const giveBack = takeRights({ uid: 1234, gid: 20, groups: [20, 30] })!;
  const during = rightsOfThreads();
  expect(userOfFiles()).toBe(1234);
  expect(() => readFileSync("/etc/shadow")).toThrow("EACCES");
  giveBack();
  expect(during.filter((rights) => rights === "1234 of 20 30")).toHaveLength(1);
  expect(new Set(during.filter((rights) => rights !== "1234 of 20 30"))).toEqual(before);
  expect(new Set(rightsOfThreads())).toEqual(before);
  expect(readFileSync("/etc/shadow").length).toBeGreaterThan(0);
});

test("whoever is not root takes nobody's rights, and is asked about none", () => {
  if (process.geteuid?.() === 0) return;
  expect(takeRights({ uid: 0, gid: 0, groups: [] })).toBeUndefined();
  expect(userOfFiles()).toBe(process.geteuid!());
});

test("who called sudo is known to root alone, and by a user's number alone", () => {
  expect(invokerUid({ SUDO_UID: "1234" }, 0)).toBe(1234);
  expect(invokerUid({ SUDO_UID: "1234" }, 1000)).toBeUndefined();
  for (const SUDO_UID of ["", "0", "-1", "0; rm", "4294967295", "99999999999"])
    expect(invokerUid({ SUDO_UID }, 0)).toBeUndefined();
});
