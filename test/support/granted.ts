/** What Linux grants a process for running on time, out of what it says of the process: rights and limits. */
import { readFileSync } from "node:fs";

// linux/capability.h
const CAP_IPC_LOCK = 14n;
const CAP_SYS_NICE = 23n;
/** The priority that the control thread asks for. */
const PRIORITY = 20;

/** Whether a process may have the control thread's real-time priority: sched(7). */
export function mayBeRealTime(pid: number): boolean {
  return hasCapability(pid, CAP_SYS_NICE) || limit(pid, "Max realtime priority") >= PRIORITY;
}

/** Whether a process may lock all its code in memory: mlock(2). */
export function mayLockCode(pid: number): boolean {
  return hasCapability(pid, CAP_IPC_LOCK) || limit(pid, "Max locked memory") >= codeSize(pid);
}

function hasCapability(pid: number, capability: bigint): boolean {
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return ((BigInt(`0x${effective}`) >> capability) & 1n) === 1n;
}

/** A soft limit, in its unit. */
function limit(pid: number, name: string): number {
  const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
  const [, soft] = new RegExp(`^${name}\\s+(\\S+)`, "m").exec(limits)!;
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Bytes of the executable files that a process has mapped to run. */
function codeSize(pid: number): number {
  const maps = readFileSync(`/proc/${pid}/maps`, "utf8");
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-xp (?:\S+ ){3} *\//gm)]
    .map(([, from, to]) => Number.parseInt(to!, 16) - Number.parseInt(from!, 16))
    .reduce((sum, size) => sum + size, 0);
}
