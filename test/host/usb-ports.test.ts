/** Which serial ports are boards in this machine's own USB sockets. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOnUsb, isSocketOf } from "../../src/host/usb-ports.ts";
import { Pty } from "../../src/sim/pty.ts";

describe("a device of the kernel's", () => {
  test.each([
    "/sys/devices/platform/soc/3f980000.usb/usb1/1-1/1-1.2/1-1.2:1.0/tty/ttyACM0",
    "/sys/devices/platform/axi/1000120000.pcie/1f00200000.usb/xhci-hcd.0/usb1/1-2/1-2:1.0/tty/ttyACM1",
    "/sys/devices/pci0000:00/0000:00:14.0/usb2/2-3/2-3:1.0/ttyUSB0/tty/ttyUSB0",
  ])("in a USB socket is a board: %s", (path) => expect(isSocketOf(path)).toBe(true));

  test.each([
    "/sys/devices/virtual/tty/tty1",
    "/sys/devices/platform/soc/3f201000.serial/tty/ttyAMA0",
    "/sys/devices/platform/3f980000.usb/gadget/tty/ttyGS0",
    // usbip(8): plugged in elsewhere, and reached over a network.
    "/sys/devices/platform/vhci_hcd.0/usb3/3-1/3-1:1.0/tty/ttyACM0",
    // Made by a program of this machine's.
    "/sys/devices/platform/dummy_hcd.0/usb3/3-1/3-1:1.0/tty/ttyACM0",
  ])("elsewhere is none: %s", (path) => expect(isSocketOf(path)).toBe(false));
});

describe("a port", () => {
  test("that is a program's, a name for it, or a file that is called as one, is none", () => {
    const dir = mkdtempSync(join(tmpdir(), "so101-usb-ports-"));
    try {
      const { path } = new Pty();
      const [link, file] = [join(dir, "ttyUSB_leader_arm"), join(dir, "ttyACM0")];
      symlinkSync(path, link);
      writeFileSync(file, "");
      for (const port of [path, link, file, join(dir, "missing"), "/dev/null", "/dev/tty1", "", "\0"]) {
        expect([port, isOnUsb(port)]).toEqual([port, false]);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
