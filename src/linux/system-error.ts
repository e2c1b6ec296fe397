/** What the system means when it refuses something, in words for people: its own names for it say nothing to them. */
import { nameOfErrno } from "./libc.ts";

/** Why, by the system's name of it, as it is said behind a colon. */
const reasons: Readonly<Record<string, string>> = {
  E2BIG: "too much was given at once",
  EACCES: "this user may not",
  EADDRINUSE: "another program has it",
  EADDRNOTAVAIL: "this machine has no such address",
  EAGAIN: "it is taken just now",
  EBADF: "it is not open any more",
  EBUSY: "another program uses it",
  ECONNREFUSED: "nobody answers there",
  ECONNRESET: "the other side ended it",
  EDQUOT: "the disk quota is used up",
  EEXIST: "there is something of that name already",
  EFBIG: "it is too large",
  EINVAL: "it cannot be used in that way",
  EIO: "the device or the disk failed",
  EISDIR: "it is a folder",
  ELOOP: "its links lead in a circle",
  EMFILE: "too many files are open",
  EMLINK: "there are too many links to it",
  ENAMETOOLONG: "its name is too long",
  ENFILE: "too many files are open on this machine",
  ENODEV: "there is no device behind it",
  ENOENT: "it is not there",
  ENOMEM: "there is too little memory",
  ENOSPC: "the disk is full",
  ENOSYS: "this system cannot do it",
  ENOTCONN: "nobody is connected to it",
  ENOTDIR: "a part of its path is not a folder",
  ENOTEMPTY: "the folder is not empty",
  ENOTSOCK: "it is not a socket",
  ENOTSUP: "this system cannot do it",
  ENOTTY: "it is not a serial port",
  ENXIO: "there is no device behind it",
  EOPNOTSUPP: "this system cannot do it",
  EPERM: "this user may not",
  EPIPE: "the other side ended it",
  EROFS: "the file system is read-only",
  ESTALE: "the network's file system has lost it",
  ETIMEDOUT: "it took too long",
  ETXTBSY: "the program in it runs",
  EXDEV: "it would have to go to another disk",
};

/** Why the system refused something, by its name of it (`ENOSPC`): `the disk is full`. */
export function reasonOf(code: string | undefined): string {
  return reasons[code ?? ""] ?? "the system refuses it, and gives no reason that is known here";
}

/** An error of a system call, as the runtime throws it. */
export interface SystemError extends Error {
  /** The system's name of the reason. */
  readonly code: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly dest?: string;
}

/** The error of a system call that was refused with this number, as the runtime throws them. */
export function systemError(number: number, syscall: string, path: string): SystemError {
  const code = nameOfErrno(number);
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, errno: -number, syscall, path });
}

/** Whether an error is a refused system call. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}

/** Why something failed, behind a colon, whatever was thrown. */
export function whyOf(error: unknown): string {
  if (isSystemError(error)) return reasonOf(error.code);
  return error instanceof Error ? error.message : String(error);
}

/** Said of a file that has its new content, and whose folder could not be synced. */
export function unsyncedFact(path: string, why: string): string {
  return (
    `${path} is written, and the disk did not confirm its folder (${why}): a loss of power may bring back what was there ` +
    "before — check the disk, then look at the file after the next start"
  );
}

/** What a call does to a file, in a word. */
const deeds: Readonly<Record<string, string>> = {
  access: "used",
  bind: "made",
  connect: "reached",
  copyfile: "written",
  flock: "locked",
  fsync: "written",
  link: "made",
  listen: "made",
  lstat: "looked at",
  mkdir: "made",
  open: "opened",
  read: "read",
  readlink: "read",
  realpath: "looked at",
  rename: "written",
  rm: "removed",
  rmdir: "removed",
  scandir: "read",
  stat: "looked at",
  statx: "looked at",
  symlink: "made",
  unlink: "removed",
  write: "written",
};

/** A refused system call as a sentence: `/x/red.json could not be written: the disk is full`. */
export function factOf({ code, syscall, path, dest }: SystemError): string {
  const what = dest ?? path ?? "a file";
  return `${what} could not be ${deeds[syscall ?? ""] ?? "used"}: ${reasonOf(code)}`;
}
