/** Which other programs have a serial port open, as far as /proc lets this process see. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename } from "node:path";
import { visible } from "../text/visible.ts";
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

/** Which terminals and other devices all processes have open, as far as this one sees, at one moment. */
export interface OpenDevices {
  /** False where there may be processes that this one cannot look into. */
  readonly isWhole: boolean;
  readonly processes: readonly OpenIn[];
}

interface OpenIn {
  readonly pid: number;
  readonly devices: readonly OpenDevice[];
  /** The numbers of the pseudo-terminals whose other ends it has. */
  readonly masters: readonly number[];
}

interface OpenDevice {
  readonly device: number;
  readonly fileSystem: number;
}

/** Looks into all processes but this one. Takes 10 µs for each open file of the machine. Never throws. */
export function lookAtDevices(): OpenDevices {
  const isWhole = attempt(() => readdirSync("/proc/1/fd")) !== undefined;
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return { isWhole, processes: pids.filter((pid) => pid !== process.pid).map(openIn) };
}

/**
 * Looks who has the port at a path open. Not meant are this process; this program in another process, which keeps to the
 * lock; udev's workers and what they start; and who has the other end of a pseudo-terminal, which is the board there.
 * `look` looks at all processes, where there is a port. Never throws: what is not there nobody has.
 */
export function lookForOthers(path: string, look = lookAtDevices): Look {
  const port = attempt(() => portAt(path));
  if (port === undefined)
    return { others: [], isWhole: attempt(() => readdirSync("/proc/1/fd")) !== undefined };
  const { isWhole, processes } = look();
  const others = processes.filter((each) => hasOpen(each, port) && isForeign(each.pid));
  return { others: others.map(({ pid }) => programOf(pid)), isWhole };
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
function hasOpen({ devices, masters }: OpenIn, { device, pts, fileSystem }: Port): boolean {
  if (pts !== undefined && masters.includes(pts)) return false;
  // A container has pseudo-terminals of its own with the names of ours.
  return devices.some(
    (open) => open.device === device && (pts === undefined || open.fileSystem === fileSystem),
  );
}

function openIn(pid: number): OpenIn {
  const folder = `/proc/${pid}/fd`;
  const devices: OpenDevice[] = [];
  const masters: number[] = [];
  for (const file of attempt(() => readdirSync(folder)) ?? []) {
    const target = attempt(() => readlinkSync(`${folder}/${file}`));
    if (target === undefined) continue;
    const master = target.endsWith("ptmx") ? masterOf(pid, file) : undefined;
    if (master !== undefined) masters.push(master);
    const device = deviceOf(`${folder}/${file}`, target);
    if (device !== undefined) devices.push(device);
  }
  return { pid, devices, masters };
}

/** The number of the pseudo-terminal whose other end an open file is. */
function masterOf(pid: number, file: string): number | undefined {
  const facts = attempt(() => readFileSync(`/proc/${pid}/fdinfo/${file}`, "utf8")) ?? "";
  const [, number] = /^tty-index:\s*(\d+)$/m.exec(facts) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** A container has nodes of its own for the machine's devices. Of other files nothing is asked: a disk may be away. */
function deviceOf(file: string, target: string): OpenDevice | undefined {
  if (!/^\/(.*\/)?dev\/|^\/.*tty/.test(target) || target.endsWith(" (deleted)")) return undefined;
  const stats = attempt(() => statSync(file));
  return stats?.isCharacterDevice() ? { device: stats.rdev, fileSystem: stats.dev } : undefined;
}

function isForeign(pid: number): boolean {
  return !isThisProgram(pid) && !isUdev(pid) && !isUdev(parentOf(pid));
}

/** By its name, which anybody may take, and by being root's, which nobody may. */
function isUdev(pid: number | undefined): boolean {
  return pid !== undefined && UDEV.has(nameOf(pid) ?? "") && isRoots(pid);
}

function isRoots(pid: number): boolean {
  const status = attempt(() => readFileSync(`/proc/${pid}/status`, "utf8")) ?? "";
  return /^Uid:\t0\t0\t/m.test(status);
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
  return { pid, ...(name !== undefined && { name: visible(name) }) };
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
