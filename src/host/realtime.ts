/** Asking Linux to let a thread run on time: real-time priority, locked memory, exact timers. */
import { dlopen } from "bun:ffi";
import { errno, nameOfErrno, nativeBuffer } from "../serial/libc.ts";

const { symbols } = dlopen("libc.so.6", {
  sched_setscheduler: { args: ["i32", "i32", "ptr"], returns: "i32" },
  mlockall: { args: ["i32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
});

const SCHED_FIFO = 1;
/** So that no thread which this one starts inherits the priority. */
const SCHED_RESET_ON_FORK = 0x4000_0000;

/** Above every ordinary thread and below the kernel's own interrupt threads, which serve the USB (priority 50). */
const PRIORITY = 20;

/** MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT: without the last one all that is merely reserved, 6 GB, becomes resident. */
const LOCK_WHAT_IS_TOUCHED = 1 | 2 | 4;

const PR_SET_TIMERSLACK = 29;

const LATE_AT_TIMES = "ticks may come late while the machine is busy; root has it, and a unit with";

/**
 * Makes the calling thread wake on time as far as this process may. Returns what it was refused, in words for the
 * log; everything works without, only later at times.
 */
export function runOnTime(): string[] {
  // An ordinary thread may be woken 50 µs late, so that the kernel can wake several at once.
  symbols.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  const refused: string[] = [];
  const parameters = nativeBuffer(4);
  new Int32Array(parameters.bytes.buffer)[0] = PRIORITY;
  if (symbols.sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, parameters.pointer) === -1) {
    refused.push(`no real-time priority (${nameOfErrno(errno())}): ${LATE_AT_TIMES} LimitRTPRIO=`);
  }
  if (symbols.mlockall(LOCK_WHAT_IS_TOUCHED) === -1) {
    refused.push(`memory not locked (${nameOfErrno(errno())}): ${LATE_AT_TIMES} LimitMEMLOCK=`);
  }
  return refused;
}
