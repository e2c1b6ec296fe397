/**
 * Bare access to a port for the loops that the program is compared with: libc and nothing else.
 * Replies are not checked and nothing is counted: what the product takes longer is what the product adds.
 */
import { dlopen, type Pointer, ptr } from "bun:ffi";

const { symbols: libc } = dlopen("libc.so.6", {
  open: { args: ["ptr", "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i32" },
  write: { args: ["i32", "ptr", "u64"], returns: "i32" },
  ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  clock_nanosleep: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" },
});

const O_RDWR = 0o2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const TCGETS = 0x5401;
const TCSETS = 0x5402;
const B1000000 = 0o010010;
const CS8_CREAD_CLOCAL = 0o060 | 0o200 | 0o4000;
const POLLIN = 1;
const CLOCK_MONOTONIC = 1;
const TIMER_ABSTIME = 1;

const PRESENT_POSITION = 56;
const GOAL_POSITION = 42;

/** The servos of an arm. */
export const IDS = [1, 2, 3, 4, 5, 6];

interface Memory {
  readonly bytes: Uint8Array;
  readonly at: Pointer;
}

/** An open port. */
export interface BarePort {
  readonly fd: number;
  /** The `struct pollfd` that waits for its bytes. */
  readonly poll: Memory;
}

function memory(size: number): Memory {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  return { bytes, at: ptr(bytes) };
}

function packet(...body: number[]): Memory {
  const whole = memory(body.length + 3);
  whole.bytes.set([0xff, 0xff, ...body]);
  seal(whole.bytes);
  return whole;
}

function seal(bytes: Uint8Array): void {
  let sum = 0;
  for (let i = 2; i < bytes.length - 1; i++) sum += bytes[i]!;
  bytes[bytes.length - 1] = ~sum & 0xff;
}

/** Opens a port raw, at 1 Mbps. Throws when it cannot be opened. */
export function openPort(path: string): BarePort {
  const name = memory(path.length + 1);
  new TextEncoder().encodeInto(path, name.bytes);
  const fd = libc.open(name.at, O_RDWR | O_NOCTTY | O_NONBLOCK);
  const termios = memory(64);
  if (fd === -1 || libc.ioctl(fd, TCGETS, termios.at) === -1) throw new Error(`cannot open ${path}`);
  const words = new Uint32Array(termios.bytes.buffer);
  words.set([0, 0, B1000000 | CS8_CREAD_CLOCAL, 0]);
  termios.bytes[17 + 6] = 1; // VMIN
  if (libc.ioctl(fd, TCSETS, termios.at) === -1) throw new Error(`cannot set ${path}`);
  const poll = memory(8);
  new Int32Array(poll.bytes.buffer).set([fd, POLLIN]);
  return { fd, poll };
}

const readRequest = packet(0xfe, IDS.length + 4, 0x82, PRESENT_POSITION, 2, ...IDS);
const REPLY_SIZE = IDS.length * 8;
const input = memory(256);
const timeout = memory(16);
/** LeRobot's: a machine that is busy with other things may keep the simulation from answering for a while. */
const TIMEOUT_S = 1;
new Uint32Array(timeout.bytes.buffer)[0] = TIMEOUT_S;

/** Asks an arm for its six positions and waits for the whole reply. Throws after 1 s without one. */
export function readPositions({ fd, poll }: BarePort): void {
  libc.write(fd, readRequest.at, readRequest.bytes.length);
  let have = 0;
  while (have < REPLY_SIZE) {
    if (libc.ppoll(poll.at, 1, timeout.at, null) < 1) throw new Error("no reply");
    have += libc.read(fd, (input.at + have) as Pointer, input.bytes.length - have);
  }
}

/** The word that a servo gave in the reply to {@link readPositions} that came last: a position, or one with a sign bit. */
export function readWord(joint: number): number {
  return input.bytes[joint * 8 + 5]! | (input.bytes[joint * 8 + 6]! << 8);
}

const goals = packet(0xfe, IDS.length * 3 + 4, 0x83, GOAL_POSITION, 2, ...IDS.flatMap((id) => [id, 0, 0]));

/** Sets the goal of a joint in the packet that {@link writeGoals} sends. */
export function setGoal(joint: number, word: number): void {
  goals.bytes[joint * 3 + 8] = word & 0xff;
  goals.bytes[joint * 3 + 9] = word >> 8;
}

/** Completes the packet after {@link setGoal}. */
export function sealGoals(): void {
  seal(goals.bytes);
}

/** Sends the six goals in one packet. */
export function writeGoals({ fd }: BarePort): void {
  libc.write(fd, goals.at, goals.bytes.length);
}

/** A moment of the monotonic clock; the words are those of a `struct timespec`. */
export class Moment {
  readonly #memory = memory(16);
  readonly #words = new Uint32Array(this.#memory.bytes.buffer);

  /** Becomes the present. */
  set(): void {
    libc.clock_gettime(CLOCK_MONOTONIC, this.#memory.at);
  }

  /** Becomes later by less than a second. */
  add(ns: number): void {
    const sum = this.#words[2]! + ns;
    this.#words[0]! += sum >= 1e9 ? 1 : 0;
    this.#words[2] = sum >= 1e9 ? sum - 1e9 : sum;
  }

  /** Sleeps until then; returns at once when that has passed. */
  await(): void {
    libc.clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, this.#memory.at, null);
  }
}
