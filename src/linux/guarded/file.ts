/** One file in a folder that is held open: its bytes, read or written whole, by its name there. */
import { closeSync, fchmodSync, fstatSync, fsyncSync, readSync, type Stats, writeFileSync } from "node:fs";
import { keepOwner } from "../files.ts";
import { isSystemError } from "../system-error.ts";
import { openAt } from "./at.ts";
import { OddFileError } from "./odd-file.ts";

/** Whoever made a file, the group writes it too. */
const FILE_MODE = 0o664;

/** What a file has, and what the system says of it. */
export interface FileRead {
  readonly bytes: Buffer;
  readonly stats: Stats;
}

const SMALL = 4_096;

/**
 * Reads a file of at most so many bytes; `refuse` throws for what is none, before and after it is opened. `path` is for
 * errors. Throws the system's; {@link OddFileError} for a larger one.
 */
export function readAt(
  folder: number,
  name: string,
  path: string,
  mostBytes: number,
  refuse: (path: string, stats: Stats) => void,
): FileRead {
  const fd = openRegular(folder, name, path, refuse);
  try {
    const stats = fstatSync(fd);
    // Some of the kernel's files have no size, and a file may grow while it is read.
    let buffer = Buffer.alloc(Math.min(Math.max(stats.size, SMALL), mostBytes) + 1);
    let size = 0;
    for (let more = 1; more > 0 && size <= mostBytes; size += more) {
      if (size === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * size, mostBytes + 1));
      more = readSync(fd, buffer, size, buffer.length - size, null);
    }
    const bytes = Math.max(stats.size, size);
    if (bytes > mostBytes)
      throw new OddFileError(path, `its ${bytes} bytes are more than the ${mostBytes} that are read`);
    return { bytes: buffer.subarray(0, size), stats };
  } catch (error) {
    throw about(path, error);
  } finally {
    closeSync(fd);
  }
}

/** Opens a file to be read; `refuse` throws for what is none, before and after that. Throws the system's error. */
export function openRegular(
  folder: number,
  name: string,
  path: string,
  refuse: (path: string, stats: Stats) => void,
): number {
  // What opening alone would wake, a device or a pipe, is not even opened to be read.
  const found = openAt(folder, name, "look", path);
  try {
    refuse(path, fstatSync(found));
  } finally {
    closeSync(found);
  }
  const fd = openAt(folder, name, "read", path);
  try {
    refuse(path, fstatSync(fd));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}

/**
 * Makes a file of a name that nothing has, and writes a text to it and to the disk. It gets the mode, and as far as possible
 * the owner, of the file that `like` tells of; else a group's. `path` is for errors. Throws the system's.
 */
export function writeAt(
  folder: number,
  name: string,
  path: string,
  text: string | Buffer,
  like: Stats | undefined,
): void {
  const fd = openAt(folder, name, "make", path);
  try {
    writeFileSync(fd, text);
    if (like !== undefined) keepOwner(fd, like);
    fchmodSync(fd, like === undefined ? FILE_MODE : like.mode & 0o777);
    fsyncSync(fd);
  } catch (error) {
    throw about(path, error);
  } finally {
    closeSync(fd);
  }
}

/** An error of a call on a file descriptor, which knows no path. */
export function about(path: string, error: unknown): unknown {
  return isSystemError(error) ? Object.assign(error, { path, dest: undefined }) : error;
}
