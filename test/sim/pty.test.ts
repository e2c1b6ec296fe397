import { expect, test } from "bun:test";
import { chmodSync, closeSync, constants, openSync, readSync, statSync, writeSync } from "node:fs";
import { libc, nativeBuffer } from "../../src/linux/libc.ts";
import { Pty } from "../../src/sim/pty.ts";

const TIOCEXCL = 0x540c;
const TIOCGEXCL = 0x80045440;

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

test("others may open it again once a program that kept them out was killed, or its successor", () => {
  let pty = new Pty();
  chmodSync(pty.path, 0o646);
  const killed = openSlave(pty);
  expect(libc.ioctl(killed, TIOCEXCL, null)).toBe(0);
  closeSync(killed);
  if (!pty.endExclusive()) {
    expect(process.getuid!()).not.toBe(0);
    expect(() => openSlave(pty)).toThrow("EBUSY");
    const next = pty.successor();
    pty.close();
    pty = next;
  }
  expect(statSync(pty.path).mode & 0o777).toBe(0o646);
  const slave = openSlave(pty);
  expect(isExclusive(slave)).toBe(false);
  closeSync(slave);
  pty.close();
});

test("keeps others out as long as the program that wants so has it open", () => {
  const pty = new Pty();
  const slave = openSlave(pty);
  expect(libc.ioctl(slave, TIOCEXCL, null)).toBe(0);
  expect(pty.endExclusive()).toBe(true);
  expect(isExclusive(slave)).toBe(true);
  closeSync(slave);
  pty.close();
});

function isExclusive(slave: number): boolean {
  const answer = nativeBuffer(4);
  expect(libc.ioctl(slave, TIOCGEXCL, answer.pointer)).toBe(0);
  return answer.bytes[0] === 1;
}
