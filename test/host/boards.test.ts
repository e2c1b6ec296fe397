/** Listing the boards that are plugged in. */
import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { listBoards } from "../../src/host/boards.ts";
import { type Programs, programsIn } from "../../src/host/programs.ts";

const folder = mkdtempSync(`${tmpdir()}/so101-udev-`);
afterAll(() => rmSync(folder, { recursive: true }));

/** A machine on which `udevadm` is this script, and the only program there is. */
function udevadm(script: string): Programs {
  const program = `${folder}/udevadm`;
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  return programsIn([folder]);
}

/** What `udevadm info -e` says of a board. */
function device(name: string, properties: Record<string, string>): string {
  const lines = Object.entries(properties).map(([key, value]) => `E: ${key}=${value}`);
  return [`P: /devices/x/tty/${name}`, `N: ${name}`, ...lines, ""].join("\n");
}

const follower = device("ttyACM10", {
  DEVNAME: "/dev/ttyACM10",
  DEVLINKS: "/dev/serial/by-path/x /dev/serial/by-id/usb-1a86_USB_Single_Serial_5AB9067722-if00",
  ID_BUS: "usb",
  ID_MODEL_ID: "55d3",
  ID_SERIAL_SHORT: "5AB9067722",
  ID_VENDOR_ENC: "1a86",
  ID_VENDOR_ID: "1a86",
});
const ftdi = device("ttyUSB0", {
  DEVNAME: "/dev/ttyUSB0",
  DEVLINKS: "/dev/serial/by-id/usb-Future_Devices_Inc._FT232R_USB_UART_A1-if00-port0",
  ID_MODEL_ID: "6001",
  ID_SERIAL_SHORT: "A1",
  ID_VENDOR_ENC: "Future\\x20Devices\\x20Inc.",
  ID_VENDOR_ID: "0403",
});
const nameless = device("ttyACM2", { DEVNAME: "/dev/ttyACM2", ID_VENDOR_ID: "1a86", ID_MODEL_ID: "7523" });
const builtIn = device("ttyS0", { DEVNAME: "/dev/ttyS0" });

test("lists USB boards in the order of their numbers, with what tells them apart", async () => {
  const programs = udevadm(
    `while read -r line; do echo "$line"; done <<'EOF'\n${builtIn}\n${follower}\n${ftdi}\n${nameless}\nEOF`,
  );
  expect(await listBoards(programs)).toEqual([
    { path: "/dev/ttyACM2", vendorId: "1a86", productId: "7523" },
    {
      path: "/dev/ttyACM10",
      serial: "5AB9067722",
      vendorId: "1a86",
      productId: "55d3",
      product: "USB Single Serial",
      manufacturer: "1a86",
    },
    {
      path: "/dev/ttyUSB0",
      serial: "A1",
      vendorId: "0403",
      productId: "6001",
      product: "FT232R USB UART",
      manufacturer: "Future Devices Inc.",
    },
  ]);
});

test("lists nothing where there is no udevadm", async () => {
  expect(await listBoards(programsIn(["/nonexistent"]))).toEqual([]);
});

test("lists nothing where udevadm fails", async () => {
  expect(await listBoards(udevadm("exit 1"))).toEqual([]);
});
