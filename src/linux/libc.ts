/** Every libc call that the program makes, and errno, through bun:ffi. */

import { dlopen, type Pointer, ptr, read } from "bun:ffi";
import { constants } from "node:os";

const { symbols } = dlopen("libc.so.6", {
  // Files and devices.
  open: { args: ["ptr", "i32"], returns: "i32" },
  access: { args: ["ptr", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i32" },
  write: { args: ["i32", "ptr", "u64"], returns: "i32" },
  ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  // What is in a folder that is held open, by name: a path would be followed.
  openat: { args: ["i32", "ptr", "i32", "u32"], returns: "i32" },
  readlinkat: { args: ["i32", "ptr", "ptr", "u64"], returns: "i64" },
  mkdirat: { args: ["i32", "ptr", "u32"], returns: "i32" },
  symlinkat: { args: ["ptr", "i32", "ptr"], returns: "i32" },
  renameat: { args: ["i32", "ptr", "i32", "ptr"], returns: "i32" },
  unlinkat: { args: ["i32", "ptr", "i32"], returns: "i32" },
  umask: { args: ["u32"], returns: "u32" },
  // With whose rights this thread uses files. What has no function of one thread's is called by its number.
  setfsuid: { args: ["u32"], returns: "i32" },
  setfsgid: { args: ["u32"], returns: "i32" },
  getgrouplist: { args: ["ptr", "u32", "ptr", "ptr"], returns: "i32" },
  syscall: { args: ["i64", "u64", "ptr", "u64"], returns: "i64" },
  // Datagrams, for which Bun has no call; and streams, of which Bun's accepting knows no bound.
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  accept4: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  // How long a socket waits, and who is at its other end.
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  // Who opens a file: Bun's own watching does not tell.
  inotify_init1: { args: ["i32"], returns: "i32" },
  inotify_add_watch: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // Waiting for what another library tells by descriptors of its own.
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  eventfd: { args: ["u32", "i32"], returns: "i32" },
  // Time.
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  clock_nanosleep: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" },
  // How the scheduler and the memory treat a thread.
  sched_setscheduler: { args: ["i32", "i32", "ptr"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  madvise: { args: ["usize", "usize", "i32"], returns: "i32" },
  mlock2: { args: ["usize", "usize", "u32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
});

/** futex(2), which has no function of its own. */
const { symbols: futexCall } = dlopen("libc.so.6", {
  syscall: { args: ["i64", "ptr", "i32", "u32", "ptr"], returns: "i32" },
});

/** libc's functions. Arguments of type `ptr` take a {@link NativeBuffer}'s pointer, or null. */
export const libc = { ...symbols, futex: futexCall.syscall };

/** A buffer whose address is fixed for as long as the object is referenced. */
export interface NativeBuffer {
  readonly bytes: Uint8Array;
  readonly pointer: Pointer;
}

/**
 * Allocates a buffer for libc to read or write.
 * The ArrayBuffer is made first: a small typed array's storage moves when `.buffer` is touched later,
 * which leaves its pointer dangling.
 */
export function nativeBuffer(size: number): NativeBuffer {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  return { bytes, pointer: ptr(bytes) };
}

/** Where a word of a SharedArrayBuffer is: it stays there for as long as that does. */
export function addressOf(words: Int32Array, index: number): Pointer {
  return ptr(words, index * words.BYTES_PER_ELEMENT);
}

/** The numbers of the errors that the code tells apart (asm-generic/errno.h; the same on x86-64 and arm64). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOTTY: 25,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ELOOP: 40,
} as const;

/** Where a number has two names, the one above comes last and stays. */
const errnoName = new Map<number, string>(
  [...Object.entries(constants.errno), ...Object.entries(Errno)].map(([name, value]) => [value, name]),
);

/** This thread's errno. Read it directly after the call that failed: any other call may change it. */
export function errno(): number {
  return read.i32(symbols.__errno_location()!, 0);
}

/** The name of an error number, "EIO", or "errno 523" for one that has none. */
export function nameOfErrno(number: number): string {
  return errnoName.get(number) ?? `errno ${number}`;
}

/** A NUL-terminated copy of a path for `open`. */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}
