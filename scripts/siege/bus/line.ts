/**
 * A process of its own between one simulated board and the program: `bun line.ts BOARD LINK SEED`. The program opens LINK,
 * which leads to a pseudo-terminal of this one. A line on standard input names what is done from now on, "" is nothing.
 */
import { rmSync } from "node:fs";
import { nowUs, writeTimespec } from "../../../src/linux/clock.ts";
import { cString, libc, nativeBuffer } from "../../../src/linux/libc.ts";
import { replaceLink } from "../../../src/sim/files.ts";
import { Pty } from "../../../src/sim/pty.ts";
import { Random } from "../../random.ts";
import { HANGUPS, MODES, type Piece, type Treatment } from "./modes.ts";

const [board, link, seed] = process.argv.slice(2) as [string, string, string];
// asm-generic/fcntl.h: O_RDWR, O_NOCTTY, O_NONBLOCK, O_CLOEXEC; asm-generic/poll.h
const OPEN = 0x2 | 0x100 | 0x800 | 0x80000;
const POLLIN = 0x1;
const POLLHUP = 0x10;
const SLICE_US = 4_000;
/** A pseudo-terminal that nobody has open hangs up without end: it is looked at again so often. */
const HUNG_US = 3_000;
const HANGUP_US = 50_000;

const random = new Random(Number(seed));
const plain: Treatment = { reply: (packet) => [{ bytes: packet, inMs: 0 }] };
const servos = libc.open(cString(board), OPEN);
const buffer = nativeBuffer(8192);
const poll = nativeBuffer(16);
const words = new Int32Array(poll.bytes.buffer);
const timeout = nativeBuffer(16);
const timeoutWords = new Uint32Array(timeout.bytes.buffer);

let treatment = plain;
let hangsUp = false;
let pty: Pty | undefined;
let hungUntilUs = 0;
let toggleAtUs = 0;
let floodedUs = nowUs();
let fromServos: Uint8Array = new Uint8Array();
let due: { readonly atUs: number; readonly bytes: Uint8Array }[] = [];

function plug(): void {
  pty ??= new Pty();
  replaceLink(link, pty.path);
}

function pull(): void {
  rmSync(link, { force: true });
  pty?.close();
  pty = undefined;
}

function give(pieces: readonly Piece[]): void {
  for (const { bytes, inMs } of pieces) {
    if (inMs === 0) pty?.write(bytes, bytes.length);
    else due.push({ atUs: nowUs() + inMs * 1e3, bytes: bytes.slice() });
  }
}

/** Hands whole packets on, one by one. */
function takeReplies(bytes: Uint8Array): void {
  fromServos = Buffer.concat([fromServos, bytes]);
  while (fromServos.length >= 6 && fromServos.length >= fromServos[3]! + 4) {
    const size = fromServos[3]! + 4;
    give(treatment.reply(Uint8Array.from(fromServos.subarray(0, size))));
    fromServos = fromServos.subarray(size);
  }
}

function turn(): void {
  const now = nowUs();
  if (hangsUp && now >= toggleAtUs) {
    toggleAtUs = now + HANGUP_US;
    if (pty === undefined) plug();
    else pull();
  }
  words.set([servos, POLLIN, now < hungUntilUs ? -1 : (pty?.fd ?? -1), POLLIN]);
  writeTimespec(timeoutWords, 1_000);
  libc.ppoll(poll.pointer, 2, timeout.pointer, null);
  const [ofServos, ofHost] = [words[1]! >> 16, words[3]! >> 16];
  if ((ofServos & POLLHUP) !== 0) process.exit();
  if ((ofHost & POLLIN) !== 0) {
    const size = pty!.read(buffer.pointer, buffer.bytes.length);
    const packet = buffer.bytes.slice(0, size);
    libc.write(servos, packet, size);
    give(treatment.request?.(packet) ?? []);
  } else if ((ofHost & POLLHUP) !== 0) {
    hungUntilUs = now + HUNG_US;
    pty!.endExclusive();
  }
  if ((ofServos & POLLIN) !== 0) {
    const size = libc.read(servos, buffer.pointer, buffer.bytes.length);
    if (size > 0) takeReplies(buffer.bytes.slice(0, size));
  }
  for (; treatment.flood !== undefined && floodedUs < now; floodedUs += 1_000) {
    const bytes = treatment.flood();
    pty?.write(bytes, bytes.length);
  }
  for (const { bytes } of due.filter(({ atUs }) => atUs <= now)) pty?.write(bytes, bytes.length);
  due = due.filter(({ atUs }) => atUs > now);
}

function obey(mode: string): void {
  hangsUp = mode === HANGUPS;
  if (!hangsUp) plug();
  treatment = MODES[mode]?.(random) ?? plain;
  floodedUs = nowUs();
  due = [];
}

plug();
console.log("ready");
void (async () => {
  for await (const line of console) obey(line);
  process.exit();
})();
for (;;) {
  const endUs = nowUs() + SLICE_US;
  while (nowUs() < endUs) turn();
  await new Promise(setImmediate);
}
