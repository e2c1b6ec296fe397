/** Locks between programs: flock(2) on a file, which the kernel gives back when its owner ends, however that ends. */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { Errno, errno, libc } from "./libc.ts";
import { isSystemError, systemError } from "./system-error.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

/** Who may read the file may lock it, and nobody but its owner writes it: what it has room for is not others' to fill. */
const MODE = 0o640;

/** No link is followed, and nothing that stands there instead, such as a FIFO, is waited for. */
const { O_RDWR, O_RDONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
const SAFELY = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

/** A file that is made and removed by others again and again is not run after for ever. */
const TRIES = 20;

/** What a lock's owner notes in its file has no more bytes. */
const LONGEST_NOTE = 256;

/** Another program has the lock. */
export interface Taken {
  /** What that one has noted; anything may stand there. */
  readonly note: string;
}

/** A lock that this process owns. Its file is never removed: a program that waits has it open, and would own another one. */
export class FileLock {
  readonly path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /**
   * Locks the file at a path, which is made where it is not there; the folder must be. A file that root makes is its
   * folder's owner's, and any new one `group`'s where this user may give it that. Throws the system's error, and an
   * Error where something else than a file stands there.
   */
  static take(path: string, group?: number): FileLock | Taken {
    return FileLock.#attempt(path, () => make(path, group)) ?? unopened(path);
  }

  /** As {@link take}, but makes no file: undefined where there is none, or none that this user may open. */
  static takeIfThere(path: string): FileLock | Taken | undefined {
    return FileLock.#attempt(path, () => "none");
  }

  static #attempt(path: string, make: () => number | "raced" | "none"): FileLock | Taken | undefined {
    for (let tries = 0; tries < TRIES; tries++) {
      const fd = open(path) ?? make();
      if (fd === "none") return undefined;
      if (fd === "raced") continue;
      const lock = new FileLock(path, fd);
      let isOurs = false;
      try {
        requireFile(path, fd);
        if (!flock(path, fd)) return { note: readNote(fd) };
        isOurs = lock.isInPlace;
        if (isOurs) return lock;
      } finally {
        if (!isOurs) lock.release();
      }
    }
    return undefined;
  }

  /** Whether the file still stands under its name: otherwise another program may lock the one that does. */
  get isInPlace(): boolean {
    const ours = fstatSync(this.#fd);
    try {
      const { ino, dev } = lstatSync(this.path);
      return ino === ours.ino && dev === ours.dev;
    } catch {
      return false;
    }
  }

  /** What this owner, or the one before, has noted; anything may stand there. */
  get note(): string {
    return readNote(this.#fd);
  }

  /** Writes something into the file for who waits, or comes next. Where this user may not, nothing is noted. */
  set note(text: string) {
    try {
      ftruncateSync(this.#fd, 0);
      writeSync(this.#fd, text, 0);
    } catch {}
  }

  /** Gives the lock back. */
  release(): void {
    // A process that is being started just now shares it until it has become another program.
    libc.flock(this.#fd, LOCK_UN);
    closeSync(this.#fd);
  }
}

function readNote(fd: number): string {
  const bytes = Buffer.alloc(LONGEST_NOTE);
  return bytes.toString("utf8", 0, readSync(fd, bytes, 0, LONGEST_NOTE, 0));
}

/** Opens the file, for writing where that is allowed; undefined where there is none, or none that this user may open. */
function open(path: string): number | undefined {
  for (const access of [O_RDWR, O_RDONLY]) {
    try {
      return openSync(path, access | SAFELY);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code === "ENOENT") return undefined;
      if (["ELOOP", "EISDIR", "ENXIO"].includes(error.code)) throw somethingElse(path);
      if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) throw error;
    }
  }
  return undefined;
}

/** Why a file that is there could not be locked: it may not be opened, or is replaced again and again. */
function unopened(path: string): never {
  closeSync(openSync(path, O_RDONLY | SAFELY));
  throw new Error(`somebody replaces ${path} again and again`);
}

/** Makes the file; "raced" where somebody else was faster, or it is there and may not be opened. */
function make(path: string, group: number | undefined): number | "raced" {
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | SAFELY, MODE);
  } catch (error) {
    if (isSystemError(error) && error.code === "EEXIST") return "raced";
    throw error;
  }
  fchmodSync(fd, MODE);
  giveTo(fd, process.geteuid?.() === 0 ? statSync(dirname(path)).uid : -1, group ?? -1);
  return fd;
}

/** Root may give a file away, and anybody to a group of theirs. It is of use without. */
function giveTo(fd: number, uid: number, gid: number): void {
  try {
    fchownSync(fd, uid, gid);
  } catch {}
}

/** With a second name it would be another file, which somebody wants us to lock or to write. */
function requireFile(path: string, fd: number): void {
  const stats = fstatSync(fd);
  if (!stats.isFile() || stats.nlink > 1) throw somethingElse(path);
}

/** True once it is locked; false when another program has the lock. */
function flock(path: string, fd: number): boolean {
  while (libc.flock(fd, LOCK_EX | LOCK_NB) === -1) {
    const number = errno();
    if (number === Errno.EAGAIN) return false;
    if (number !== Errno.EINTR) throw systemError(number, "flock", path);
  }
  return true;
}

/** Of a link, a folder, a socket or a device in the file's place. */
function somethingElse(path: string): Error {
  return new Error(`there is something else at ${path}`);
}
