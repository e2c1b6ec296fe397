/** Waiting for a socket and a deadline together. */
import { nowUs, writeTimespec } from "../clock.ts";
import { Errno, errno, libc, nativeBuffer } from "../libc.ts";

const POLLIN = 0x1;
/** struct pollfd: fd, events, revents. */
const poll = nativeBuffer(8);
const pollWords = new Int32Array(poll.bytes.buffer);
const timeout = nativeBuffer(16);
const timeoutWords = new Uint32Array(timeout.bytes.buffer);

/**
 * Blocks this thread until something has come on a descriptor, its other side has gone, or it is `deadlineUs` on the
 * monotonic clock. Allocates nothing.
 */
export function awaitInput(fd: number, deadlineUs: number): void {
  for (;;) {
    pollWords[0] = fd;
    pollWords[1] = POLLIN;
    writeTimespec(timeoutWords, deadlineUs - nowUs());
    if (libc.ppoll(poll.pointer, 1, timeout.pointer, null) >= 0 || errno() !== Errno.EINTR) return;
  }
}
