/** A folder that one program alone may change: flock(2) on the folder itself, so that no file for it lies in there. */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { Errno, errno, libc } from "../libc.ts";
import { systemError } from "../system-error.ts";
import type { GuardedFolder } from "./folder.ts";

const LOCK_EX_NB = 2 | 4;
const LOCK_UN = 8;

/** A lock that this process owns until it is released, or the process ends, however that ends. */
export interface FolderLock {
  release(): void;
}

/** Locks a folder that is held open; undefined where another program has it. Throws the system's error. */
export function lockFolder({ path, stats }: GuardedFolder): FolderLock | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { dev, ino } = fstatSync(fd);
    // Another folder has got its name meanwhile.
    if (dev !== stats.dev || ino !== stats.ino) throw systemError(Errno.ENOENT, "open", path);
    while (libc.flock(fd, LOCK_EX_NB) === -1) {
      const number = errno();
      if (number === Errno.EAGAIN) {
        closeSync(fd);
        return undefined;
      }
      if (number !== Errno.EINTR) throw systemError(number, "flock", path);
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  const release = () => {
    // A process that is being started just now shares it until it has become another program.
    libc.flock(fd, LOCK_UN);
    closeSync(fd);
  };
  return { release };
}
