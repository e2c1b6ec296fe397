import { expect, test } from "bun:test";
import { type BoardMark, conditionsOf, describeMark, isMarked, markOf } from "../../src/host/board-mark.ts";

/** What `udevadm info` says of a board of the arms on a hub's first port. */
const facts = {
  properties: {
    DEVPATH: "/devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3.1/1-3.1:1.0/tty/ttyACM0",
    ID_PATH: "pci-0000:00:14.0-usb-0:3.1:1.0",
    ID_PATH_TAG: "pci-0000_00_14_0-usb-0_3_1_1_0",
    ID_SERIAL: "1a86_USB_Single_Serial_5AB9067929",
    ID_SERIAL_SHORT: "5AB9067929",
  },
  ancestors: [
    "",
    "devices",
    "pci0000:00",
    "0000:00:14.0",
    "usb1",
    "1-3",
    "1-3.1",
    "1-3.1:1.0",
    "tty",
    "ttyACM0",
  ],
};

const marks: [condition: string, mark: BoardMark, isIt: boolean][] = [
  ['KERNELS=="1-3.1"', { by: "usb port", usbPort: "1-3.1" }, true],
  ['KERNELS=="1-3.1:1.0"', { by: "usb port", usbPort: "1-3.1:1.0" }, true],
  ['KERNELS=="1-3.1*"', { by: "usb port", usbPort: "1-3.1*" }, true],
  ['KERNELS=="1-3.2"', { by: "usb port", usbPort: "1-3.2" }, false],
  ['KERNELS=="1-3.[12]"', { by: "usb port", usbPort: "1-3.[12]" }, true],
  ['KERNELS=="1-3.2|1-3.1"', { by: "usb port", usbPort: "1-3.2|1-3.1" }, true],
  ['KERNELS=="1-3?1"', { by: "usb port", usbPort: "1-3?1" }, true],
  ['KERNELS=="1-31"', { by: "usb port", usbPort: "1-31" }, false],
  [
    'ENV{ID_PATH}=="pci-0000:00:14.0-usb-0:3.1:1.0"',
    { by: "socket", socket: facts.properties.ID_PATH },
    true,
  ],
  [
    'ENV{ID_PATH_TAG}=="pci-0000_00_14_0-usb-0_3_2_1_0"',
    { by: "property", property: "ID_PATH_TAG", value: "pci-0000_00_14_0-usb-0_3_2_1_0" },
    false,
  ],
  ['ENV{ID_SERIAL}=="*_5AB9067929"', { by: "property", property: "ID_SERIAL", value: "*_5AB9067929" }, true],
  ['ENV{ID_SERIAL_SHORT}=="5AB9067929"', { by: "serial", serial: "5AB9067929" }, true],
  ['ENV{ID_USB_SERIAL_SHORT}=="X"', { by: "serial", serial: "X" }, false],
  [
    'ENV{ID_VENDOR_ID}=="1a86", KERNELS=="1-3.1", ENV{ID_BUS}=="usb"',
    { by: "usb port", usbPort: "1-3.1" },
    true,
  ],
];

test.each(marks)("a rule with %s knows its board by that", (condition, mark, isIt) => {
  expect(markOf(`SUBSYSTEM=="tty", ${condition}, SYMLINK+="ttyUSB_leader_arm"`)).toEqual(mark);
  expect(isMarked(facts, mark)).toBe(isIt);
  const [own] = conditionsOf(mark).slice(-1);
  expect(markOf(`SUBSYSTEM=="tty", ${own}`)).toEqual(mark);
  expect(describeMark(mark)).toContain(Object.values(mark).at(-1)!);
});

test.each([
  'SUBSYSTEM=="tty", ENV{ID_BUS}=="usb", SYMLINK+="arm"',
  'KERNEL=="ttyACM*", ATTRS{idVendor}=="1a86", SYMLINK+="arm"',
  'SUBSYSTEM=="tty", ENV{ID_PATH_TAG}=="?*", SYMLINK+="arm"',
  'SUBSYSTEM=="tty", KERNELS=="usb1", SYMLINK+="arm"',
  'SUBSYSTEM=="block", ENV{ID_CDROM}=="1", SYMLINK+="cdrom"',
])("a rule that any board of a kind meets knows none: %s", (rule) => {
  expect(markOf(rule)).toBeUndefined();
});
