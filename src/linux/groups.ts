/** The machine's groups and users, by name. */
import { readFileSync } from "node:fs";
import { cString, libc, nativeBuffer } from "./libc.ts";

/** The number of a group in a file of the form of group(5); undefined where there is none of that name. Never throws. */
export function groupId(name: string, file = "/etc/group"): number | undefined {
  const id = groupsIn(file).find(([group]) => group === name)?.[2];
  return id !== undefined && /^\d+$/.test(id) ? Number(id) : undefined;
}

/** The number of a user in a file of the form of passwd(5); undefined where there is none of that name. Never throws. */
export function userId(name: string, file = "/etc/passwd"): number | undefined {
  return groupId(name, file);
}

/**
 * Whether a group is a user's own, as Debian makes one for each: it has the user's number, and nobody was added to it.
 * False where that cannot be seen. Never throws.
 */
export function isOwnGroup(gid: number, uid: number, file = "/etc/group"): boolean {
  const members = groupsIn(file).find((group) => group[2] === `${gid}`)?.[3];
  return gid === uid && members === "";
}

/** All groups of a user, the first one included, wherever the system has them from. */
export function groupsOf(user: string, firstGroup: number): number[] {
  const groups = nativeBuffer(4 * MOST_GROUPS);
  const count = nativeBuffer(4);
  new Int32Array(count.bytes.buffer)[0] = MOST_GROUPS;
  // Of a user of more groups than that, which the kernel does not know either, there are the first.
  libc.getgrouplist(cString(user), firstGroup, groups.pointer, count.pointer);
  const found = Math.min(new Int32Array(count.bytes.buffer)[0]!, MOST_GROUPS);
  return [...new Uint32Array(groups.bytes.buffer).subarray(0, found)];
}

/** NGROUPS_MAX. */
const MOST_GROUPS = 65_536;

/** The fields of each line, as "dialout:x:20:pi,ada" has them. */
function groupsIn(file: string): string[][] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return []; // a system that is being installed, or a container without users
  }
}
