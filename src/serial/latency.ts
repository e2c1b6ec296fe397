/** Has a port's driver hand over at once what has come. */
import { libc, nativeBuffer } from "../linux/libc.ts";

// asm-generic/ioctls.h, linux/serial.h, linux/tty_flags.h; the same on x86-64 and arm64.
const TIOCGSERIAL = 0x541e;
const TIOCSSERIAL = 0x541f;
const SERIAL_STRUCT_SIZE = 72;
const FLAGS_AT = 16;
const ASYNC_LOW_LATENCY = 0x2000;

const settings = nativeBuffer(SERIAL_STRUCT_SIZE);
const settingsView = new DataView(settings.bytes.buffer);

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
