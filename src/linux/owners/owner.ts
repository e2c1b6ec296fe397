/** Which process has a port, its owner, as far as /proc lets us see. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { visible } from "../text/visible.ts";
import type { Owner } from "./program.ts";

/** The pid of a port's owner; undefined when that cannot be seen. Never throws. */
export function findOwner(path: string): number | undefined {
  return attempt(() => ownerByLock(path)) ?? attempt(() => ownerByOpenFile(path));
}

/** A port's owner; undefined when that cannot be seen. Never throws. */
export function ownerOf(path: string): Owner | undefined {
  return named(findOwner(path));
}

/** The program that has locked a file; undefined when none has, or that cannot be seen. Never throws. */
export function lockOwnerOf(path: string): Owner | undefined {
  return named(attempt(() => ownerByLock(path)));
}

/** The program that a process is; undefined without one. Never throws. */
export function programOf(pid: number | undefined): Owner | undefined {
  return named(pid === 0 ? undefined : pid);
}

function named(pid: number | undefined): Owner | undefined {
  if (pid === undefined) return undefined;
  const name = attempt(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim());
  return { pid, ...(name !== undefined && { name: visible(name) }) };
}

/** Who has locked the file: anybody may know, and it is no mere bystander who has it open too. */
function ownerByLock(path: string): number | undefined {
  const { dev, ino } = statSync(path);
  // "1: FLOCK  ADVISORY  WRITE 812 00:06:413 0 EOF", the device's numbers in hexadecimal.
  const lock = /FLOCK +\w+ +\w+ +(\d+) +([0-9a-f]+):([0-9a-f]+):(\d+) /g;
  for (const [, pid, major, minor, inode] of readFileSync("/proc/locks", "utf8").matchAll(lock)) {
    const device = deviceNumber(Number.parseInt(major!, 16), Number.parseInt(minor!, 16));
    // Pid 0 is a process of another container.
    if (Number(inode) === ino && device === dev && pid !== "0") return Number(pid);
  }
  return undefined;
}

/** Who has the file open, among the processes that this user may look into. */
function ownerByOpenFile(path: string): number | undefined {
  const device = realpathSync(path);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => pid !== process.pid && isOpenIn(pid, device));
}

function isOpenIn(pid: number, device: string): boolean {
  const folder = `/proc/${pid}/fd`;
  const files = attempt(() => readdirSync(folder)) ?? [];
  return files.some((file) => attempt(() => readlinkSync(`${folder}/${file}`)) === device);
}

/** Linux's encoding of a device's two numbers in one. */
function deviceNumber(major: number, minor: number): number {
  return (major << 8) | (minor & 0xff) | ((minor & 0xfff00) << 12);
}

/** Processes end and permissions lack while we look: then there is nothing to see. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
