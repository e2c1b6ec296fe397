/**
 * From a path that a person or the configuration names to the folder or file there. Links on the way are followed only
 * where nobody but root and this user could have put them: `~/.cache` often is one.
 */
import { basename, dirname, isAbsolute, resolve } from "node:path";
import { isOwnGroup } from "../groups.ts";
import { Errno } from "../libc.ts";
import { systemError } from "../system-error.ts";
import { openTop } from "./at.ts";
import type { FileRead } from "./file.ts";
import { GuardedFolder } from "./folder.ts";
import { OddFileError } from "./odd-file.ts";
import { invokerUid, userOfFiles } from "./rights.ts";

/** As many links are followed as the kernel follows. */
const MOST_LINKS = 40;

/** What becomes of folders that are missing. */
type Missing = "throw" | "make";

/**
 * Does something with the folder at a path; those that are missing are made, or the system's error is thrown.
 * Throws {@link OddFileError} for a link where others may write, and for what is no folder.
 */
export function inFolder<T>(path: string, missing: Missing, work: (folder: GuardedFolder) => T): T {
  const folder = openFolder(path, missing);
  try {
    return work(folder);
  } finally {
    folder.close();
  }
}

/**
 * Does something in the folder of the file at a path, by the file's name there, which is no link's.
 * Throws as {@link inFolder}.
 */
export function atFile<T>(path: string, work: (folder: GuardedFolder, name: string) => T): T {
  let at = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const [folder, name] = [openFolder(dirname(at), "throw"), basename(at)];
    try {
      const target = folder.linkTarget(name);
      if (target === undefined) return work(folder, name);
      requireTrusted(folder, name);
      // Not normalised: what stands before a ".." may be a link itself.
      at = target.startsWith("/") ? target : `${dirname(at)}/${target}`;
    } finally {
      folder.close();
    }
  }
  throw systemError(Errno.ELOOP, "open", path);
}

/**
 * Reads a file of at most so many bytes that a person named, with the rights that there are.
 * Throws the system's error; {@link OddFileError} for what is no file, or larger.
 */
export function readNamedFile(path: string, mostBytes: number): FileRead {
  return atNamed(path, (folder, name) => folder.readNamed(name, mostBytes));
}

/** Opens such a file, to be read piece by piece, and closed. Throws as {@link readNamedFile}. */
export function openNamedFile(path: string): number {
  return atNamed(path, (folder, name) => folder.openNamed(name));
}

function atNamed<T>(path: string, work: (folder: GuardedFolder, name: string) => T): T {
  try {
    return atFile(path, work);
  } catch (error) {
    if (!(error instanceof OddFileError) || error.path === resolve(path)) throw error;
    throw new OddFileError(path, `a link to ${error.path}: ${error.message}`);
  }
}

/** The folder at a path, held open until it is closed. Throws as {@link inFolder}. */
export function openFolder(path: string, missing: Missing): GuardedFolder {
  let folder = new GuardedFolder(openTop(), "/");
  const names = (isAbsolute(path) ? path : resolve(path)).split("/");
  let links = 0;
  try {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      if (name === "" || name === ".") continue;
      const target = folder.linkTarget(name);
      if (target === undefined) {
        const next = nextFolder(folder, name, missing);
        folder.close();
        folder = next;
        continue;
      }
      requireTrusted(folder, name);
      if (++links > MOST_LINKS) throw systemError(Errno.ELOOP, "open", path);
      if (target.startsWith("/")) {
        const top = new GuardedFolder(openTop(), "/");
        folder.close();
        folder = top;
      }
      names.unshift(...target.split("/"));
    }
    return folder;
  } catch (error) {
    folder.close();
    throw error;
  }
}

function nextFolder(folder: GuardedFolder, name: string, missing: Missing): GuardedFolder {
  return missing === "make" ? folder.makeFolder(name) : folder.folder(name);
}

/** Throws {@link OddFileError} for a link that somebody else could have put there. */
function requireTrusted(folder: GuardedFolder, name: string): void {
  const { uid, gid, mode } = folder.stats;
  const trusted = [0, userOfFiles(), invokerUid()];
  const othersWrite = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && !isOwnGroup(gid, uid));
  if (trusted.includes(uid) && !othersWrite) return;
  throw new OddFileError(
    folder.pathOf(name),
    `a link in ${folder.path}, where others may write: links are followed only where nobody else can make one`,
  );
}
