/** The monotonic clock that deadlines are kept on, in µs, and sleeping until a point on it. */
import { waitOnce } from "./futex.ts";
import { Errno, libc, nativeBuffer } from "./libc.ts";

const CLOCK_MONOTONIC = 1;
/** As CLOCK_MONOTONIC, but going on while the machine is suspended. */
const CLOCK_BOOTTIME = 7;
const TIMER_ABSTIME = 1;

/** Time for whoever waits: the machine's, or in tests one that passes as fast as it can be computed. */
export interface Clock {
  /** The time, in µs; it never goes back. */
  nowUs(): number;
  /** For how long the machine has been suspended since it was started, µs. */
  suspendedUs(): number;
  /** Blocks this thread until `deadlineUs` of {@link nowUs}; returns at once when that has passed. */
  sleepUntilUs(deadlineUs: number): void;
  /** Blocks this thread while `words[index]`, which is shared, is `value` and nobody wakes it (`wake`), for `timeoutMs` at most. */
  waitWhile(words: Int32Array, index: number, value: number, timeoutMs: number): void;
}

/** The machine's clock. Nothing of it allocates. */
export const systemClock: Clock = {
  nowUs,
  suspendedUs,
  sleepUntilUs,
  waitWhile,
};

/** Blocks this thread for so many µs of a clock. */
export function sleepForUs(clock: Clock, us: number): void {
  clock.sleepUntilUs(clock.nowUs() + us);
}

const time = nativeBuffer(16);
const timeWords = new Uint32Array(time.bytes.buffer);

/** µs on CLOCK_MONOTONIC: the same clock in every thread and process of the machine. Allocates nothing. */
export function nowUs(): number {
  return readUs(CLOCK_MONOTONIC);
}

/** For how long the machine has been suspended since it was started, µs. Allocates nothing. */
export function suspendedUs(): number {
  return readUs(CLOCK_BOOTTIME) - readUs(CLOCK_MONOTONIC);
}

function readUs(clock: number): number {
  libc.clock_gettime(clock, time.pointer);
  return (timeWords[0]! + timeWords[1]! * 2 ** 32) * 1e6 + timeWords[2]! / 1e3;
}

const wake = nativeBuffer(16);
const wakeWords = new Uint32Array(wake.bytes.buffer);

/** Blocks this thread until `deadlineUs` of {@link nowUs}; returns at once when that has passed. */
export function sleepUntilUs(deadlineUs: number): void {
  writeTimespec(wakeWords, deadlineUs);
  while (libc.clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, wake.pointer, null) === Errno.EINTR);
}

const patience = nativeBuffer(16);
const patienceWords = new Uint32Array(patience.bytes.buffer);

function waitWhile(words: Int32Array, index: number, value: number, timeoutMs: number): void {
  const untilUs = nowUs() + timeoutMs * 1e3;
  do writeTimespec(patienceWords, untilUs - nowUs());
  while (!waitOnce(words, index, value, patience.pointer));
}

/** Writes µs into the words of a `struct timespec`. Negative times become 0. */
export function writeTimespec(words: Uint32Array, us: number): void {
  const clamped = Math.max(us, 0);
  const seconds = Math.floor(clamped / 1e6);
  words[0] = seconds;
  words[1] = seconds / 2 ** 32;
  words[2] = Math.floor((clamped - seconds * 1e6) * 1e3);
  words[3] = 0;
}
