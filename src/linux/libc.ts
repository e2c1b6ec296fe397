/** Every libc call that the program makes, and errno, through bun:ffi. */

import { dlopen, type Pointer, ptr, read } from "bun:ffi";
import { constants } from "node:os";

const { symbols } = dlopen("libc.so.6", {
  // Files and devices.
  open: { args: ["ptr", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i32" },
  write: { args: ["i32", "ptr", "u64"], returns: "i32" },
  ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  // The group of the files that this thread makes.
  setfsgid: { args: ["u32"], returns: "i32" },
  // Datagrams, for which Bun has no call.
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i32" },
  // Who is at the other end of a socket.
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  // Who opens a file: Bun's own watching does not tell.
  inotify_init1: { args: ["i32"], returns: "i32" },
  inotify_add_watch: { args: ["i32", "ptr", "u32"], returns: "i32" },
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

/** libc's functions. Arguments of type `ptr` take a {@link NativeBuffer}'s pointer, or null. */
export const libc = symbols;

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
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOTTY: 25,
  ENOSYS: 38,
} as const;

const errnoName = new Map<number, string>(
  Object.entries({ ...constants.errno, ...Errno }).map(([name, value]) => [value, name]),
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
