/**
 * Changing files so that a loss of power at any moment leaves the old state or the new one: where nobody but their owner
 * may write. `guarded/` is for folders that others write to.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { sweep } from "./sweep.ts";
import { unsyncedFact, whyOf } from "./system-error.ts";
import { temporaryName } from "./temporary.ts";

/** A file has its new content, and a loss of power may take it. The message says so. */
export class UnsyncedError extends Error {
  override readonly name = "UnsyncedError";

  constructor(path: string, cause: unknown) {
    super(unsyncedFact(path, whyOf(cause)), { cause });
  }
}

/**
 * Replaces a file's content so that a loss of power at any moment leaves the old file or the new one: a temporary file
 * beside it, synced, renamed, and its folder synced. A link is followed; the mode, owner and group of a file that is
 * there stay, a new one gets `mode`, by which its folder's group may write it too. The folder must exist. Throws the
 * system's error, and what was there is untouched; {@link UnsyncedError} when the new file is there and may not last.
 */
export function replaceFile(path: string, text: string, mode = 0o664): void {
  try {
    writeAndRename(path, text, mode);
  } catch (error) {
    // Nobody knows the temporary file's name.
    if (error instanceof Error && "code" in error)
      Object.assign(error, { path, dest: undefined, syscall: "write" });
    throw error;
  }
}

function writeAndRename(path: string, text: string, mode: number): void {
  const before = statSync(path, { throwIfNoEntry: false });
  const target = before ? realpathSync(path) : path;
  const folder = dirname(target);
  sweep(folder, basename(target));
  const temporary = join(folder, temporaryName(basename(target)));
  const file = openSync(temporary, "wx", mode);
  try {
    try {
      writeFileSync(file, text);
      if (before) keepOwner(file, before);
      fchmodSync(file, before ? before.mode & 0o777 : mode);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  try {
    syncFolder(folder);
  } catch (cause) {
    throw new UnsyncedError(path, cause);
  }
}

/**
 * Gives an open file the owner that another has: only root may give a file away, anybody may give it to a group of theirs.
 * Neither is worth failing for.
 */
export function keepOwner(file: number, { uid, gid }: Stats): void {
  for (const owner of [uid, -1]) {
    try {
      fchownSync(file, owner, gid);
      return;
    } catch {}
  }
}

/** Makes a change of a folder's entries survive a loss of power. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes a folder below which a group shares files, and those above it; the entries survive a loss of power. */
export function makeFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o775 });
  if (made === undefined) return;
  for (let at = folder; at !== dirname(made); at = dirname(at)) syncFolder(dirname(at));
}
