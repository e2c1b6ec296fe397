/** Asking Linux to let a thread run on time: real-time priority, code that stays in memory, exact timers. */
import { readFileSync } from "node:fs";
import { errno, libc, nameOfErrno, nativeBuffer } from "./libc.ts";

const SCHED_FIFO = 1;
/** So that no thread which this one starts inherits the priority. */
const SCHED_RESET_ON_FORK = 0x4000_0000;

/** Above every ordinary thread and below the kernel's own interrupt threads, which serve the USB (priority 50). */
const PRIORITY = 20;

const PR_SET_TIMERSLACK = 29;
const MADV_DONTNEED = 4;
const MLOCK_ONFAULT = 1;

/** What the system refused, and the name of its errno. */
export interface Refusal {
  readonly refused: "priority" | "locked code";
  readonly errno: string;
}

/**
 * Makes the calling thread wake on time as far as this process may. Returns what it was refused: everything works
 * without, only later at times.
 */
export function runOnTime(): Refusal[] {
  sharpenTimers();
  const refusals: Refusal[] = [];
  const parameters = nativeBuffer(4);
  new Int32Array(parameters.bytes.buffer)[0] = PRIORITY;
  if (libc.sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, parameters.pointer) === -1) {
    refusals.push({ refused: "priority", errno: nameOfErrno(errno()) });
  }
  if (!keepCodeInMemory()) refusals.push({ refused: "locked code", errno: nameOfErrno(errno()) });
  return refusals;
}

/**
 * Has this thread woken when it asked to be, to the ns: an ordinary one may be woken 50 µs late, so that the kernel can
 * wake several at once.
 */
export function sharpenTimers(): void {
  libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

/**
 * Locks code into memory from its next use on: read again from an SD card, a page costs many ms. What only the start
 * has used is given back first, which is two thirds of it.
 * Data stays unlocked, against what mlockall would do: what a program touches at every tick is not swapped out, and
 * the JavaScript engine cannot give locked pages back, so that it would grow for ever.
 */
function keepCodeInMemory(): boolean {
  giveBackCode();
  return mappedCode().every(([start, size]) => libc.mlock2(start, size, MLOCK_ONFAULT) === 0);
}

/**
 * Gives back the memory of all code, of which only the start has used two thirds; what is used again is mapped again. A
 * process that is of little importance is then a small one.
 */
export function giveBackCode(): void {
  for (const [start, size] of mappedCode()) libc.madvise(start, size, MADV_DONTNEED);
}

/** Where code from files is mapped into this process: addresses and sizes. */
function mappedCode(): [start: number, size: number][] {
  const maps = readFileSync("/proc/self/maps", "utf8");
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-xp (?:\S+ ){3} *\//gm)].map(([, from, to]) => {
    const start = Number.parseInt(from!, 16);
    return [start, Number.parseInt(to!, 16) - start];
  });
}
