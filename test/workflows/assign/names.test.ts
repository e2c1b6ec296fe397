import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programsIn } from "../../../src/host/programs.ts";
import { boardNames } from "../../../src/workflows/assign/names.ts";

const folder = mkdtempSync(join(tmpdir(), "so101-names-"));
afterAll(() => rmSync(folder, { recursive: true }));

const DEVICE = `P: /devices/usb1/1-3/1-3.1/1-3.1:1.0/tty/ttyACM0
N: ttyACM0
E: DEVNAME=/dev/ttyACM0
E: DEVPATH=/devices/usb1/1-3/1-3.1/1-3.1:1.0/tty/ttyACM0
E: ID_SERIAL_SHORT=5AB9067929
E: ID_VENDOR_ID=1a86
E: ID_MODEL_ID=55d3`;

test("names that boards have by the USB port they are in are shown, with the board that is there", async () => {
  writeFileSync(
    join(folder, "99-mine.rules"),
    `SUBSYSTEM=="tty", KERNELS=="1-3.1", SYMLINK+="ttyUSB_leader_arm"
SUBSYSTEM=="tty", KERNELS=="1-3.2", SYMLINK+="ttyUSB_follower_arm"
SUBSYSTEM=="tty", ENV{ID_SERIAL_SHORT}=="5AB9067929", SYMLINK+="blue"
`,
  );
  // Of all devices with "-e"; of one by its name, then without the letters before each line.
  const script = `#!/bin/sh
case "$*" in
  *--name=/dev/ttyACM0*) while read -r _ line; do echo "$line"; done;;
  *) while read -r line; do echo "$line"; done;;
esac <<'END'
${DEVICE}
END
`;
  writeFileSync(join(folder, "udevadm"), script, { mode: 0o755 });
  const names = await boardNames([folder], programsIn([folder]));
  expect(names.map(({ link, mark, path }) => [link, mark.by, path])).toEqual([
    ["/dev/ttyUSB_leader_arm", "usb port", "/dev/ttyACM0"],
    ["/dev/ttyUSB_follower_arm", "usb port", undefined],
    ["/dev/blue", "serial", "/dev/ttyACM0"],
  ]);
});
