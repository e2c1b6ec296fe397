import { expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { libc, nativeBuffer } from "../../src/linux/libc.ts";
import { Pty } from "../../src/sim/pty.ts";

const openSlave = (pty: Pty) => openSync(pty.path, constants.O_RDWR | constants.O_NOCTTY);

test("carries every byte value unchanged in both directions", () => {
  const pty = new Pty();
  const slave = openSlave(pty);
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  const buffer = nativeBuffer(256);

  writeSync(slave, every);
  expect(pty.read(buffer.pointer, 256)).toBe(256);
  expect(buffer.bytes).toEqual(every);

  expect(pty.write(buffer.pointer, 256)).toBe(256);
  const back = new Uint8Array(256);
  expect(readSync(slave, back)).toBe(256);
  expect(back).toEqual(every);
  closeSync(slave);
  pty.close();
});

test("stays raw when its slave is closed and opened again", () => {
  const pty = new Pty();
  closeSync(openSlave(pty));
  const slave = openSlave(pty);
  const buffer = nativeBuffer(4);
  writeSync(slave, Uint8Array.of(0x0a, 0x0d, 0x03, 0x04));
  expect(pty.read(buffer.pointer, 4)).toBe(4);
  expect([...buffer.bytes]).toEqual([0x0a, 0x0d, 0x03, 0x04]);
  closeSync(slave);
  pty.close();
});

test("starts at the servos' 1 Mbps", () => {
  const pty = new Pty();
  expect(pty.baud).toBe(1_000_000);
  pty.close();
});

test("a closed one is a pulled board to whoever has it open", () => {
  const pty = new Pty();
  const slave = openSlave(pty);
  pty.close();
  expect(() => writeSync(slave, Uint8Array.of(1))).toThrow("EIO");
  closeSync(slave);
});

test.skipIf(process.getuid!() !== 0)(
  "others may open it again once a program that kept them out was killed",
  () => {
    const TIOCEXCL = 0x540c;
    const TIOCGEXCL = 0x80045440;
    const pty = new Pty();
    const killed = openSlave(pty);
    expect(libc.ioctl(killed, TIOCEXCL, null)).toBe(0);
    closeSync(killed);
    pty.endExclusive();
    const slave = openSlave(pty);
    const isExclusive = nativeBuffer(4);
    expect(libc.ioctl(slave, TIOCGEXCL, isExclusive.pointer)).toBe(0);
    expect(isExclusive.bytes[0]).toBe(0);
    closeSync(slave);
    pty.close();
  },
);
