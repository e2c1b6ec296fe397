/** The kernel's `struct termios2`: how a serial line is set, and which speeds it names. */

/** How a line is set. Everything that is not named here is raw: bytes pass unchanged both ways. */
export interface LineSettings {
  /** Bits a second. */
  readonly baudRate: number;
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly stopBits: 1 | 2;
  readonly parity: "none" | "even" | "odd";
  /** Flow control by the RTS and CTS lines. */
  readonly rtscts: boolean;
  /** The peer may stop our output with XOFF. */
  readonly xon: boolean;
  /** We stop the peer's output with XOFF when our input is full. */
  readonly xoff: boolean;
  /** Any byte resumes stopped output. */
  readonly xany: boolean;
  /** The modem lines drop when the last user closes the port. */
  readonly hupcl: boolean;
}

/** 8N1 without flow control, as servo buses are. */
export const rawLine = {
  dataBits: 8,
  stopBits: 1,
  parity: "none",
  rtscts: false,
  xon: false,
  xoff: false,
  xany: false,
  hupcl: true,
} as const satisfies Omit<LineSettings, "baudRate">;

/** Bytes of a `struct termios2`. Its first 36 are the older `struct termios`. */
export const TERMIOS_SIZE = 44;

// Offsets: four flag words, the line discipline, 19 control characters, two speeds.
const IFLAG = 0;
const CFLAG = 8;
const CC = 17;
const ISPEED = 36;
const OSPEED = 40;

// asm-generic/termbits.h; the same on x86-64 and arm64.
const IGNPAR = 0o4;
const INPCK = 0o20;
const IXON = 0o2000;
const IXANY = 0o4000;
const IXOFF = 0o10000;
const CBAUD = 0o10017;
const BOTHER = 0o10000;
const CSTOPB = 0o100;
const CREAD = 0o200;
const PARENB = 0o400;
const PARODD = 0o1000;
const HUPCL = 0o2000;
const CLOCAL = 0o4000;
const CRTSCTS = 0o20000000000;
const dataBitsFlag = { 5: 0, 6: 0o20, 7: 0o40, 8: 0o60 } as const;
const VMIN = 6;
const VSTART = 8;
const VSTOP = 9;
const XON_BYTE = 0x11;
const XOFF_BYTE = 0x13;

/** The speeds that have a number of their own in the flags. */
const speedCode = new Map<number, number>([
  [50, 0o1],
  [75, 0o2],
  [110, 0o3],
  [134, 0o4],
  [150, 0o5],
  [200, 0o6],
  [300, 0o7],
  [600, 0o10],
  [1200, 0o11],
  [1800, 0o12],
  [2400, 0o13],
  [4800, 0o14],
  [9600, 0o15],
  [19_200, 0o16],
  [38_400, 0o17],
  [57_600, 0o10001],
  [115_200, 0o10002],
  [230_400, 0o10003],
  [460_800, 0o10004],
  [500_000, 0o10005],
  [576_000, 0o10006],
  [921_600, 0o10007],
  [1_000_000, 0o10010],
  [1_152_000, 0o10011],
  [1_500_000, 0o10012],
  [2_000_000, 0o10013],
  [2_500_000, 0o10014],
  [3_000_000, 0o10015],
  [3_500_000, 0o10016],
  [4_000_000, 0o10017],
]);
const speedOfCode = new Map([...speedCode].map(([speed, code]) => [code, speed]));

/** Whether a speed has a number of its own, so that TCSETS can set it; any other needs TCSETS2. */
export function isNamedSpeed(baudRate: number): boolean {
  return speedCode.has(baudRate);
}

/** Writes a whole `struct termios2` for a raw line. */
export function encodeTermios(bytes: Uint8Array, line: LineSettings): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, TERMIOS_SIZE);
  bytes.fill(0, 0, TERMIOS_SIZE);

  let input = 0;
  if (line.parity !== "none") input |= INPCK | IGNPAR;
  if (line.xon) input |= IXON;
  if (line.xoff) input |= IXOFF;
  if (line.xany) input |= IXANY;
  view.setUint32(IFLAG, input, true);

  // CLOCAL: a board without modem lines must not look hung up.
  let control = CREAD | CLOCAL | dataBitsFlag[line.dataBits] | (speedCode.get(line.baudRate) ?? BOTHER);
  if (line.stopBits === 2) control |= CSTOPB;
  if (line.parity !== "none") control |= PARENB;
  if (line.parity === "odd") control |= PARODD;
  if (line.rtscts) control |= CRTSCTS;
  if (line.hupcl) control |= HUPCL;
  view.setUint32(CFLAG, control, true);

  // With VMIN 1 a read of nothing is EAGAIN, so that a read of 0 bytes can only mean that the line is gone.
  bytes[CC + VMIN] = 1;
  bytes[CC + VSTART] = XON_BYTE;
  bytes[CC + VSTOP] = XOFF_BYTE;
  view.setUint32(ISPEED, line.baudRate, true);
  view.setUint32(OSPEED, line.baudRate, true);
}

/** The speed that the flags of a `struct termios` name; undefined when only a `struct termios2` can tell. */
export function namedSpeed(bytes: Uint8Array): number | undefined {
  const control = new DataView(bytes.buffer, bytes.byteOffset).getUint32(CFLAG, true);
  return speedOfCode.get(control & CBAUD);
}

/** The output speed in a `struct termios2`. */
export function outputSpeed(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(OSPEED, true);
}
