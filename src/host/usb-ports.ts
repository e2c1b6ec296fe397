/** Whether a serial port is one of this machine's own USB boards. */
import { realpathSync } from "node:fs";
import { basename } from "node:path";

/**
 * Whether a port is a board in one of this machine's USB sockets, by where the kernel's device hangs: a board that is
 * reached over a network, or a program that plays one, has no such place. Never throws.
 */
export function isOnUsb(port: string): boolean {
  try {
    return realpathSync(`/sys/class/tty/${basename(realpathSync(port))}/device`).includes("/usb");
  } catch {
    return false;
  }
}
