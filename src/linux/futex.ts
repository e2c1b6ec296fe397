/**
 * Waiting for a word of shared memory, and waking who waits for it: by futex(2). `Atomics.wait` waits until a point on the
 * wall clock: where that is set back by an hour meanwhile, it waits for an hour more.
 */
import type { Pointer } from "bun:ffi";
import { addressOf, Errno, errno, libc } from "./libc.ts";

/** asm-generic/unistd.h; asm/unistd_64.h of x86. */
const FUTEX = process.arch === "arm64" ? 98 : 202;
/** linux/futex.h, for threads of one process. */
const WAIT_PRIVATE = 128;
const WAKE_PRIVATE = 129;
const ALL = 0x7fff_ffff;

/**
 * Blocks this thread while a word of shared memory has a value and nobody calls {@link wake}, for no longer than a `struct
 * timespec` says, on the monotonic clock. False when a signal has ended it. Allocates nothing.
 */
export function waitOnce(words: Int32Array, index: number, value: number, timeout: Pointer): boolean {
  return (
    libc.futex(FUTEX, addressOf(words, index), WAIT_PRIVATE, value, timeout) === 0 || errno() !== Errno.EINTR
  );
}

/** Wakes all who wait for a word of shared memory. */
export function wake(words: Int32Array, index: number): void {
  libc.futex(FUTEX, addressOf(words, index), WAKE_PRIVATE, ALL, null);
}
