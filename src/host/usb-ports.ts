/** Whether a serial port is one of this machine's own USB boards. */
import { realpathSync, statSync } from "node:fs";

/** Controllers that are programs: what hangs on them comes over a network (usbip), or is made up. */
const NO_SOCKET = /\/(vhci_hcd|usbip|dummy_hcd|dummy_udc)\b/;

/**
 * Whether a port is a board in one of this machine's USB sockets, by where the kernel's device hangs: a board that is
 * reached over a network, or a program that plays one, has no such place. The device's number is looked up, for a file
 * may have any name. Never throws.
 */
export function isOnUsb(port: string): boolean {
  try {
    const stats = statSync(port);
    if (!stats.isCharacterDevice()) return false;
    // Linux's dev_t, as glibc makes it of the two numbers.
    const major = ((stats.rdev >>> 8) & 0xfff) | (Math.floor(stats.rdev / 2 ** 32) & ~0xfff);
    const minor = (stats.rdev & 0xff) | ((stats.rdev >>> 12) & ~0xff);
    return isSocketOf(realpathSync(`/sys/dev/char/${major}:${minor}`));
  } catch {
    return false;
  }
}

/** Whether a device's path in /sys is below one of this machine's USB sockets, which it has in it as `/usb1/1-1`. */
export function isSocketOf(device: string): boolean {
  return /\/usb\d+\/\d+-[\d.]+\/.*\/tty/.test(device) && !NO_SOCKET.test(device);
}
