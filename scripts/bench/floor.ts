/**
 * The floor of the benchmark: the two transfers of a tick in a bare loop over libc, without any logic.
 * Nothing is decoded, checked or counted: what the product takes longer is what the product adds.
 * Shares no code with the product but the way to real-time priority.
 *
 * Usage: floor LEADER FOLLOWER RATE_HZ
 */
import { dlopen, type Pointer, ptr } from "bun:ffi";
import { runOnTime } from "../../src/linux/scheduling.ts";

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

const IDS = [1, 2, 3, 4, 5, 6];
const PRESENT_POSITION = 56;
const GOAL_POSITION = 42;
const REPLY_SIZE = IDS.length * 8;

const [leaderPath, followerPath, rate] = process.argv.slice(-3) as [string, string, string];

function memory(size: number): { bytes: Uint8Array; at: Pointer } {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  return { bytes, at: ptr(bytes) };
}

function packet(...body: number[]): { bytes: Uint8Array; at: Pointer } {
  const whole = memory(body.length + 3);
  whole.bytes.set([0xff, 0xff, ...body, ~body.reduce((sum, byte) => sum + byte) & 0xff]);
  return whole;
}

function openPort(path: string): number {
  const name = memory(path.length + 1);
  new TextEncoder().encodeInto(path, name.bytes);
  const fd = libc.open(name.at, O_RDWR | O_NOCTTY | O_NONBLOCK);
  const termios = memory(64);
  if (fd === -1 || libc.ioctl(fd, TCGETS, termios.at) === -1) throw new Error(`cannot open ${path}`);
  const words = new Uint32Array(termios.bytes.buffer);
  words.set([0, 0, B1000000 | CS8_CREAD_CLOCAL, 0]);
  termios.bytes[17 + 6] = 1; // VMIN
  if (libc.ioctl(fd, TCSETS, termios.at) === -1) throw new Error(`cannot set ${path}`);
  return fd;
}

const readPositions = packet(0xfe, IDS.length + 4, 0x82, PRESENT_POSITION, 2, ...IDS);
const input = memory(256);
const timeout = memory(16);
const timeoutWords = new Uint32Array(timeout.bytes.buffer);
timeoutWords[2] = 100e6;

/** Asks a port for six positions and waits for all of the reply. */
function exchange(fd: number, poll: Pointer): void {
  libc.write(fd, readPositions.at, 14);
  let have = 0;
  while (have < REPLY_SIZE) {
    if (libc.ppoll(poll, 1, timeout.at, null) < 1) throw new Error("no reply");
    have += libc.read(fd, (input.at + have) as Pointer, 256 - have);
  }
}

function pollOf(fd: number): Pointer {
  const poll = memory(8);
  new Int32Array(poll.bytes.buffer).set([fd, POLLIN]);
  kept.push(poll.bytes);
  return poll.at;
}
const kept: Uint8Array[] = [];

const leader = openPort(leaderPath);
const follower = openPort(followerPath);
const leaderPoll = pollOf(leader);

// The goals are where the follower is: a goal energises a joint, and none of them may move.
exchange(follower, pollOf(follower));
const goals = packet(
  0xfe,
  IDS.length * 3 + 4,
  0x83,
  GOAL_POSITION,
  2,
  ...IDS.flatMap((id, joint) => [id, input.bytes[joint * 8 + 5]!, input.bytes[joint * 8 + 6]!]),
);

runOnTime();
console.log(JSON.stringify({ event: "state", to: "following" }));

const due = memory(16);
const dueWords = new Uint32Array(due.bytes.buffer);
libc.clock_gettime(CLOCK_MONOTONIC, due.at);
const periodNs = 1e9 / Number(rate);
for (;;) {
  exchange(leader, leaderPoll);
  libc.write(follower, goals.at, 26);
  const ns = dueWords[2]! + periodNs;
  dueWords[0]! += ns >= 1e9 ? 1 : 0;
  dueWords[2] = ns >= 1e9 ? ns - 1e9 : ns;
  libc.clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, due.at, null);
}
