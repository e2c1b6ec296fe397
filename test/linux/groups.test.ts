/** The machine's groups, and a user's. */
import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { groupId, groupsOf, isOwnGroup } from "../../src/linux/groups.ts";

function groupFile(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "so101-groups-")), "group");
  writeFileSync(file, text);
  return file;
}

test("a group is found by its whole name, with and without members", () => {
  const file = groupFile("root:x:0:\ndialout-old:x:19:\ndialout:x:20:pi,ada\nlast:x:33:");
  expect(groupId("dialout", file)).toBe(20);
  expect(groupId("root", file)).toBe(0);
  expect(groupId("last", file)).toBe(33);
});

test("the machine's own groups are the ones that are meant", () => {
  expect(groupId("root")).toBe(0);
});

test("there is no number where there is no group, no file, or nonsense", () => {
  const file = groupFile("dialout:x:twenty:\nshort\nempty:x::\n");
  for (const name of ["dial", "dialout", "short", "empty", ""]) expect(groupId(name, file)).toBeUndefined();
  expect(groupId("dialout", "/nonexistent/group")).toBeUndefined();
});

test("all of a user's groups are known, wherever the system has them from", () => {
  const name = Bun.spawnSync(["id", "-un"]).stdout.toString().trim();
  const ids = Bun.spawnSync(["id", "-G", name]).stdout.toString().trim().split(" ").map(Number);
  expect(groupsOf(name, ids[0]!).sort()).toEqual(ids.sort());
});

test("a user's own group is one of the user's number to which nobody was added", () => {
  const file = groupFile("ada:x:1000:\npi:x:1001:ada\ndialout:x:20:pi,ada\n");
  expect(isOwnGroup(1000, 1000, file)).toBe(true);
  for (const [gid, uid] of [
    [1001, 1001],
    [20, 1000],
    [1000, 1001],
    [1002, 1002],
  ] as const)
    expect(isOwnGroup(gid, uid, file)).toBe(false);
  expect(isOwnGroup(1000, 1000, "/nowhere/group")).toBe(false);
});
