/** Whether a path is ours alone: who may put something else in its place may choose what we read and overwrite there. */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { Errno } from "./libc.ts";
import { systemError } from "./system-error.ts";

/** As the kernel (path_resolution(7)): what follows more links than this leads in a circle. */
const MOST_LINKS = 40;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * The first part of a path that somebody else than root and this user may change; undefined when there is none. Each
 * folder on the way is looked at, that of each link too: whoever may write a folder may put another thing there, except
 * into a sticky one such as /tmp, where what is there stays its owner's. To root a group that may write is somebody
 * else; to anybody else it is not, for many systems give each user a group of his own. Where the path ends in what is
 * not there, its folders are looked at. Throws the system's error for a path whose links lead in a circle.
 */
export function changeableByOthers(
  path: string,
  euid: number = process.geteuid?.() ?? 0,
): string | undefined {
  // Not resolved by its words: behind a link two dots are the folder above that to which it leads.
  const parts = partsOf(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
  let at = "/";
  if (isOthers(lstatSync(at), euid)) return at;
  for (let links = 0; parts.length > 0; ) {
    const part = parts.shift()!;
    if (part === "..") {
      at = dirname(at);
      continue;
    }
    const next = join(at, part);
    const stats = lstatSync(next, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (isOthers(stats, euid)) return next;
    if (!stats.isSymbolicLink()) {
      at = next;
      continue;
    }
    if (++links > MOST_LINKS) throw systemError(Errno.ELOOP, "open", path);
    const target = readlinkSync(next);
    if (isAbsolute(target)) at = "/";
    parts.unshift(...partsOf(target));
  }
  return undefined;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Whether somebody else owns it, or may write it. A link's mode says nothing: its folder was looked at. */
function isOthers(stats: Stats, euid: number): boolean {
  if (stats.uid !== 0 && stats.uid !== euid) return true;
  if (stats.isSymbolicLink()) return false;
  if (stats.isDirectory() && (stats.mode & STICKY) !== 0) return false;
  if ((stats.mode & OTHERS_WRITE) !== 0) return true;
  return euid === 0 && stats.gid !== 0 && (stats.mode & GROUP_WRITES) !== 0;
}
