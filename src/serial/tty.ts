/** What a tty is told by its file descriptor: opening it, keeping others out, and how its line is set. */
import type { Pointer } from "bun:ffi";
import { cString, Errno, errno, libc, nativeBuffer } from "../linux/libc.ts";
import {
  encodeTermios,
  isNamedSpeed,
  type LineSettings,
  namedSpeed,
  outputSpeed,
  TERMIOS_SIZE,
} from "./termios.ts";
import { PortError } from "./transport.ts";
import { closed, failed, inUseBy, notOpened } from "./troubles.ts";

// asm-generic's numbers; the same on x86-64 and arm64.
const O_RDWR = 0o2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;
const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TCFLSH = 0x540b;
const TIOCEXCL = 0x540c;
const TIOCNXCL = 0x540d;
const TCGETS2 = 0x802c542a;
const TCSETS2 = 0x402c542b;
const TCOFLUSH = 1;
const TCIOFLUSH = 2;

/** A UART's divider may miss a speed by this much and still be understood. */
const SPEED_TOLERANCE = 0.03;

// One is enough: no call outlives its use of it.
const termios = nativeBuffer(TERMIOS_SIZE);

/** Opens a device without waiting for it; the file descriptor. Throws {@link PortError}. */
export function openDevice(path: string): number {
  const name = cString(path);
  for (;;) {
    const fd = libc.open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) return fd;
    const code = errno();
    if (code !== Errno.EINTR) throw notOpened(path, code);
  }
}

/** Throws {@link PortError} "not a tty" when a device that was opened is none, or "missing" when it has gone since. */
export function requireTty(fd: number, path: string): void {
  if (libc.ioctl(fd, TCGETS, termios.pointer) === -1) throw notOpened(path, errno());
}

/** ioctl on a tty. Throws {@link PortError} when the system refuses it. */
export function control(fd: number, path: string, request: number, pointer: Pointer | null): void {
  while (libc.ioctl(fd, request, pointer) === -1) {
    const code = errno();
    if (code !== Errno.EINTR) throw fd < 0 ? closed(path) : failed(path, "setting", code);
  }
}

/** Keeps other programs out. Throws {@link PortError} "in use" when another one was first. */
export function lock(fd: number, path: string): void {
  // TIOCEXCL turns away programs that know nothing of locks, unless root runs them; flock, those of ours, always.
  if (libc.flock(fd, LOCK_EX | LOCK_NB) === -1) {
    const code = errno();
    throw code === Errno.EAGAIN ? inUseBy(path, undefined) : failed(path, "locking", code);
  }
  control(fd, path, TIOCEXCL, null);
}

/** Lets other programs in again. Never throws. */
export function unlock(fd: number): void {
  // Exclusive mode belongs to the tty, not to this fd: it would outlive us while anybody else has it open.
  libc.ioctl(fd, TIOCNXCL, null);
  libc.flock(fd, LOCK_UN);
}

/** Throws away what was sent but has not left. Never throws. */
export function discardOutput(fd: number): void {
  libc.ioctl(fd, TCFLSH, TCOFLUSH as Pointer);
}

/** Throws away what was received but not taken, and what was sent but has not left. Throws {@link PortError}. */
export function discardBothWays(fd: number, path: string): void {
  control(fd, path, TCFLSH, TCIOFLUSH as Pointer);
}

/** Sets the line. Throws {@link PortError} "failed" for a speed that it cannot do. */
export function setLine(fd: number, path: string, line: LineSettings): void {
  encodeTermios(termios.bytes, line);
  control(fd, path, isNamedSpeed(line.baudRate) ? TCSETS : TCSETS2, termios.pointer);
  const actual = reportedSpeed(fd, path) ?? line.baudRate;
  if (Math.abs(actual - line.baudRate) > line.baudRate * SPEED_TOLERANCE) {
    throw new PortError("failed", path, `${path} cannot run at ${line.baudRate} baud: it stays at ${actual}`);
  }
}

/**
 * The speed that the system reports for the line, in baud. Undefined without TCGETS2: every kernel of this century has
 * it, qemu's user emulation has not. Throws {@link PortError}.
 */
export function reportedSpeed(fd: number, path: string): number | undefined {
  control(fd, path, TCGETS, termios.pointer);
  const named = namedSpeed(termios.bytes);
  if (named !== undefined) return named;
  if (libc.ioctl(fd, TCGETS2, termios.pointer) === -1) {
    const code = errno();
    if (code === Errno.ENOSYS) return undefined;
    throw failed(path, "setting", code);
  }
  return outputSpeed(termios.bytes);
}
