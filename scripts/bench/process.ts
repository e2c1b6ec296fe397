/** What Linux says about a running process: its CPU time, memory, threads and descriptors. */
import { readdirSync, readFileSync } from "node:fs";
import { nowUs } from "../../src/linux/clock.ts";

/** A process at one moment. */
export interface ProcessSample {
  readonly atUs: number;
  /** CPU time of all its threads so far. */
  readonly cpuUs: number;
  readonly residentKB: number;
  readonly peakResidentKB: number;
  /** Of the resident memory what belongs to no file: heap, stacks, compiled code. */
  readonly anonymousKB: number;
  readonly threads: number;
  readonly descriptors: number;
}

/** Looks at a process. Throws when it has ended. */
export function sampleProcess(pid: number): ProcessSample {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return {
    atUs: nowUs(),
    cpuUs: cpuUs(pid),
    residentKB: field("VmRSS"),
    peakResidentKB: field("VmHWM"),
    anonymousKB: field("RssAnon"),
    threads: field("Threads"),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** Share of one core between two samples, in %. */
export function cpuPercent(from: ProcessSample, to: ProcessSample): number {
  return (100 * (to.cpuUs - from.cpuUs)) / (to.atUs - from.atUs);
}

/** The scheduler counts each thread in ns; /proc/PID/stat only in hundredths of a second. */
function cpuUs(pid: number): number {
  let ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    } catch (error) {
      // The thread has ended since it was listed.
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  return ns / 1e3;
}
