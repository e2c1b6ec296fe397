/** Has a port's driver hand over at once what has come, and tells when it does not. */
import { readFileSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { libc, nativeBuffer } from "../linux/libc.ts";

// asm-generic/ioctls.h, linux/serial.h, linux/tty_flags.h; the same on x86-64 and arm64.
const TIOCGSERIAL = 0x541e;
const TIOCSSERIAL = 0x541f;
const SERIAL_STRUCT_SIZE = 72;
const FLAGS_AT = 16;
const ASYNC_LOW_LATENCY = 0x2000;

/** The shortest that a latency timer can be set to, ms. */
const SHORTEST_MS = 1;

const settings = nativeBuffer(SERIAL_STRUCT_SIZE);
const settingsView = new DataView(settings.bytes.buffer);

/** An adapter that holds back what has come until it has more, or the time is over. */
export interface LatencyTimer {
  /** For how long at most. */
  readonly ms: number;
  /** The file that sets it. */
  readonly file: string;
}

/**
 * Asks the driver of an open tty for low latency. Drivers that have it (FTDI's: its timer is 16 ms else) obey; those
 * that have no use for it (cdc_acm) do not, and lose nothing. Never throws.
 */
export function askForLowLatency(fd: number): void {
  if (libc.ioctl(fd, TIOCGSERIAL, settings.pointer) === -1) return;
  const flags = settingsView.getInt32(FLAGS_AT, true);
  if ((flags & ASYNC_LOW_LATENCY) !== 0) return;
  settingsView.setInt32(FLAGS_AT, flags | ASYNC_LOW_LATENCY, true);
  libc.ioctl(fd, TIOCSSERIAL, settings.pointer);
}

/** The latency timer of the adapter behind a port, where it has one and is set to more than it need be. Never throws. */
export function latencyTimerOf(path: string, ttys = "/sys/class/tty"): LatencyTimer | undefined {
  try {
    const file = `${ttys}/${basename(realpathSync(path))}/device/latency_timer`;
    const ms = Number.parseInt(readFileSync(file, "latin1"), 10);
    return ms > SHORTEST_MS ? { ms, file } : undefined;
  } catch {
    return undefined;
  }
}
