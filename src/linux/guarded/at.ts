/** What a folder that is held open has, by name: no call here follows a link, and none waits for a pipe or a device. */
import { constants } from "node:fs";
import { cString, Errno, errno, libc, nativeBuffer } from "../libc.ts";
import { systemError } from "../system-error.ts";

// asm-generic's numbers, the same on x86-64 and arm64; O_DIRECTORY and O_NOFOLLOW are not, and come from the runtime.
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const AT_FDCWD = -100;
const AT_REMOVEDIR = 0x200;

/** How something may be opened; a link never is followed, nothing is waited for, and no child inherits it. */
const Way = {
  /** Not to be read: to be looked at, and to reach what is below it. */
  look: O_PATH,
  read: constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
  /** A folder's entries, and to sync it. */
  list: constants.O_RDONLY | constants.O_DIRECTORY,
  /** Made, and refused where there is something of that name. */
  make: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
} as const;

/** Opens `name` in a folder. `path` is for the error. Throws the system's. */
export function openAt(folder: number, name: string, way: keyof typeof Way, path: string): number {
  const flags = Way[way] | constants.O_NOFOLLOW | O_CLOEXEC;
  // What is made is nobody else's until it gets its mode.
  return checked("open", path, () => libc.openat(folder, encoded(name, path), flags, 0o600));
}

/** Opens the folder from which all others are reached. Throws the system's error. */
export function openTop(): number {
  return openAt(AT_FDCWD, "/", "look", "/");
}

/** Where a link leads that {@link openAt} opened to be looked at. Throws the system's error. */
export function readLink(link: number, path: string): string {
  const { bytes, pointer } = nativeBuffer(LONGEST_PATH);
  const size = checked("readlink", path, () =>
    Number(libc.readlinkat(link, cString(""), pointer, LONGEST_PATH)),
  );
  if (size === LONGEST_PATH) throw systemError(Errno.ENAMETOOLONG, "readlink", path);
  return new TextDecoder().decode(bytes.subarray(0, size));
}

/** PATH_MAX. */
const LONGEST_PATH = 4096;

/** Makes a folder with exactly these bits, whatever the umask. Throws the system's error. */
export function makeFolderAt(folder: number, name: string, mode: number, path: string): void {
  const before = libc.umask(0);
  try {
    checked("mkdir", path, () => libc.mkdirat(folder, encoded(name, path), mode));
  } finally {
    libc.umask(before);
  }
}

/** Makes a link. Throws the system's error. */
export function makeLinkAt(target: string, folder: number, name: string, path: string): void {
  checked("symlink", path, () => libc.symlinkat(encoded(target, path), folder, encoded(name, path)));
}

/** Gives what is there another name; what has that name already is replaced, a link too. Throws the system's error. */
export function renameAt(folder: number, from: string, to: string, path: string): void {
  checked("rename", path, () => libc.renameat(folder, encoded(from, path), folder, encoded(to, path)));
}

/** Removes a name that is not a folder's. Throws the system's error. */
export function removeAt(folder: number, name: string, path: string): void {
  checked("unlink", path, () => libc.unlinkat(folder, encoded(name, path), 0));
}

/** Removes a folder in which nothing is. Throws the system's error. */
export function removeFolderAt(folder: number, name: string, path: string): void {
  checked("rmdir", path, () => libc.unlinkat(folder, encoded(name, path), AT_REMOVEDIR));
}

/**
 * The names in a folder that was opened to be listed; where it has more than `most`, as many, for a folder may have been
 * filled by others. Throws the system's error.
 */
export function namesIn(folder: number, most: number, path: string): string[] {
  const names: string[] = [];
  const { bytes, pointer } = nativeBuffer(DIRENTS_SIZE);
  const view = new DataView(bytes.buffer);
  while (names.length < most) {
    const size = checked("scandir", path, () =>
      Number(libc.syscall(SYSTEM_CALLS.getdents64, folder, pointer, DIRENTS_SIZE)),
    );
    if (size === 0) break;
    // struct linux_dirent64: inode, offset, then 2 bytes of length, one of type, and the name, which a zero ends.
    for (let at = 0; at < size; at += view.getUint16(at + 16, true)) {
      const end = bytes.indexOf(0, at + NAME_OFFSET);
      const name = new TextDecoder().decode(bytes.subarray(at + NAME_OFFSET, end));
      if (name !== "." && name !== "..") names.push(name);
    }
  }
  return names.slice(0, most);
}

const DIRENTS_SIZE = 32_768;
const NAME_OFFSET = 19;

/** The numbers of system calls that libc has no function for, or none that is one thread's (unistd.h). */
export const SYSTEM_CALLS =
  process.arch === "arm64" ? { getdents64: 61, setgroups: 159 } : { getdents64: 217, setgroups: 116 };

function checked(syscall: string, path: string, call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1) return result;
    const number = errno();
    if (number !== Errno.EINTR) throw systemError(number, syscall, path);
  }
}

/** libc would take a text that has a NUL for the part before it. */
function encoded(text: string, path: string): Uint8Array {
  if (text.includes("\0")) throw systemError(Errno.EINVAL, "open", path);
  return cString(text);
}
