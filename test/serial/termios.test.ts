/** The settings of a serial line. */
import { expect, test } from "bun:test";
import {
  encodeTermios,
  isNamedSpeed,
  namedSpeed,
  outputSpeed,
  rawLine,
  TERMIOS_SIZE,
} from "../../src/serial/termios.ts";

// What a pty cannot show, for it has no wire: it forces CS8 and no parity.
function flags(line: Partial<Parameters<typeof encodeTermios>[1]>) {
  const bytes = new Uint8Array(TERMIOS_SIZE).fill(0xff);
  encodeTermios(bytes, { ...rawLine, baudRate: 1_000_000, ...line });
  const [input, output, control, local] = new Uint32Array(bytes.buffer);
  return { input, output, control, local, bytes };
}

const CS8 = 0x30;
const CREAD_CLOCAL = 0x880;
const HUPCL = 0x400;
const B1000000 = 0x1008;

test("a raw line: 8 bits, receiver on, modem lines ignored, nothing translated, one byte is enough to read", () => {
  const { input, output, control, local, bytes } = flags({});
  expect([input, output, local]).toEqual([0, 0, 0]);
  expect(control).toBe(CS8 | CREAD_CLOCAL | HUPCL | B1000000);
  expect(bytes[16]).toBe(0); // the line discipline, N_TTY
  expect([bytes[17 + 5], bytes[17 + 6]]).toEqual([0, 1]); // VTIME, VMIN
});

test.each([
  [{ dataBits: 5 }, 0, HUPCL],
  [{ dataBits: 7 }, 0, HUPCL | 0x20],
  [{ stopBits: 2 }, 0, HUPCL | CS8 | 0x40],
  [{ parity: "even" }, 0x14, HUPCL | CS8 | 0x100],
  [{ parity: "odd" }, 0x14, HUPCL | CS8 | 0x300],
  [{ rtscts: true }, 0, HUPCL | CS8 | 0x8000_0000],
  [{ xon: true }, 0x400, HUPCL | CS8],
  [{ xany: true }, 0x800, HUPCL | CS8],
  [{ xoff: true }, 0x1000, HUPCL | CS8],
  [{ hupcl: false }, 0, CS8],
] as const)("%j", (line, input, control) => {
  expect(flags(line)).toMatchObject({ input, control: (control | CREAD_CLOCAL | B1000000) >>> 0 });
});

test("speeds with a number of their own are told by the flags, others by the speed words", () => {
  expect(isNamedSpeed(38_400)).toBe(true);
  expect(namedSpeed(flags({ baudRate: 38_400 }).bytes)).toBe(38_400);
  expect(isNamedSpeed(76_800)).toBe(false);
  const { bytes } = flags({ baudRate: 76_800 });
  expect(namedSpeed(bytes)).toBeUndefined();
  expect(outputSpeed(bytes)).toBe(76_800);
});
