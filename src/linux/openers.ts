/** Which other programs have a serial port open, as far as /proc lets this process see. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { Owner } from "./program.ts";

/** What a look into all processes has found. */
export interface Look {
  /** Other programs that have the port open, but for those that belong there. */
  readonly others: readonly Owner[];
  /** False where there may be processes that this one cannot look into. */
  readonly isWhole: boolean;
}

/** Pseudo-terminals have these major numbers; their numbers are taken once in each container. */
const PTS_MAJORS = { first: 136, last: 143 } as const;

/** The names of udev's workers, old and new. They look at a board that has just appeared, and are gone within ms. */
const UDEV = new Set(["systemd-udevd", "(udev-worker)", "udevd"]);

/**
 * Looks who has the port at a path open. Not meant are this process; this program in another process, which keeps to the
 * lock; udev's workers and what they start; and who has the other end of a pseudo-terminal, which is the board there.
 * Takes 10 µs for each open file of the machine. Never throws: what is not there nobody has.
 */
export function lookForOthers(path: string): Look {
  const isWhole = attempt(() => readdirSync("/proc/1/fd")) !== undefined;
  const port = attempt(() => portAt(path));
  if (port === undefined) return { others: [], isWhole };
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const others = pids.filter((pid) => pid !== process.pid && isOpenIn(pid, port) && isForeign(pid));
  return { others: others.map(programOf), isWhole };
}

interface Port {
  /** The device's number. */
  readonly device: number;
  /** Of a pseudo-terminal its number, … */
  readonly pts: number | undefined;
  /** … and the file system that it is in: each container has its own. */
  readonly fileSystem: number;
}

/** The serial port at a path; undefined for what is none, which others may have open as they like. */
function portAt(path: string): Port | undefined {
  const real = realpathSync(path);
  if (!/\/(tty[^/]*|pts\/\d+)$/.test(real)) return undefined;
  const { rdev, dev } = statSync(real);
  const major = (rdev >> 8) & 0xfff;
  const isPts = major >= PTS_MAJORS.first && major <= PTS_MAJORS.last;
  return { device: rdev, pts: isPts ? Number(basename(real)) : undefined, fileSystem: dev };
}

/** Whether a process has the port open, and is not the board behind it. */
function isOpenIn(pid: number, port: Port): boolean {
  const folder = `/proc/${pid}/fd`;
  let isOpen = false;
  for (const file of attempt(() => readdirSync(folder)) ?? []) {
    const target = attempt(() => readlinkSync(`${folder}/${file}`));
    if (target === undefined) continue;
    if (port.pts !== undefined && target.endsWith("ptmx") && masterOf(pid, file) === port.pts) return false;
    if (isSameDevice(`${folder}/${file}`, target, port)) isOpen = true;
  }
  return isOpen;
}

/** The number of the pseudo-terminal whose other end an open file is. */
function masterOf(pid: number, file: string): number | undefined {
  const facts = attempt(() => readFileSync(`/proc/${pid}/fdinfo/${file}`, "utf8")) ?? "";
  const [, number] = /^tty-index:\s*(\d+)$/m.exec(facts) ?? [];
  return number === undefined ? undefined : Number(number);
}

/**
 * A container has nodes of its own for the machine's devices, and pseudo-terminals of its own with the names of ours. Of
 * other files nothing is asked: a disk may be away.
 */
function isSameDevice(file: string, target: string, { device, pts, fileSystem }: Port): boolean {
  if (!/^\/(.*\/)?dev\/|^\/.*tty/.test(target) || target.endsWith(" (deleted)")) return false;
  const stats = attempt(() => statSync(file));
  return stats?.rdev === device && (pts === undefined || stats.dev === fileSystem);
}

function isForeign(pid: number): boolean {
  return !isThisProgram(pid) && !isUdev(pid) && !isUdev(parentOf(pid));
}

function isUdev(pid: number | undefined): boolean {
  return pid !== undefined && UDEV.has(nameOf(pid) ?? "");
}

/** Where a compiled program's own files are. */
const WITHIN_PROGRAM = "/$bunfs/";

/** Whether a process runs this program, of this or another version: an upgrade replaces the file. */
function isThisProgram(pid: number): boolean {
  const file = (of: number | "self") =>
    attempt(() => readlinkSync(`/proc/${of}/exe`).replace(/ \(deleted\)$/, ""));
  if (file(pid) !== file("self")) return false;
  if (import.meta.path.startsWith(WITHIN_PROGRAM)) return true;
  // Run from its source it is a script of Bun's, as others are.
  const command = attempt(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")) ?? "";
  return command.split("\0").some((part) => /(^|\/)src\/main\.ts$/.test(part));
}

function programOf(pid: number): Owner {
  const name = nameOf(pid);
  return { pid, ...(name !== undefined && { name }) };
}

function nameOf(pid: number): string | undefined {
  return attempt(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim());
}

function parentOf(pid: number): number | undefined {
  // "812 (a name) S 1 …"
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const [, parent] = /^.*\) \S+ (\d+) /s.exec(stat ?? "") ?? [];
  return parent === undefined ? undefined : Number(parent);
}

/** Processes end and permissions lack while we look: then there is nothing to see. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
