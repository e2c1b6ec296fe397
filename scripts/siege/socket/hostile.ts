/**
 * One hostile client of a Unix socket on which lines are spoken, as a process: it does one thing for as long as it may, then
 * prints how many connections it made.
 *
 *   bun scripts/siege/socket/hostile.ts SOCKET KIND SECONDS SEED
 */
import { Errno, errno, libc, nativeBuffer } from "../../../src/linux/libc.ts";
import { SAMPLE_BYTES, SampleView } from "../../../src/teleop/remote/sample.ts";
import { Random } from "../../random.ts";
import { type Kind, SAMPLE_KINDS } from "./kinds.ts";

const [path, kind, secondsText, seedText] = process.argv.slice(2) as string[] as [
  string,
  string,
  string,
  string,
];
const random = new Random(Number(seedText));
const endMs = performance.now() + Number(secondsText) * 1e3;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const MSG_PEEK = 0x02;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** So many a client keeps open where it keeps any. */
const HELD = 64;

/** Of samples each is a message. */
const TYPE = SAMPLE_KINDS.some((each) => each === kind) ? SOCK_SEQPACKET : SOCK_STREAM;

const name = new TextEncoder().encode(path);
const address = nativeBuffer(2 + name.length + 1);
address.bytes[0] = AF_UNIX;
address.bytes.set(name, 2);
const buffer = nativeBuffer(262_144);
let connections = 0;

/** A connection; undefined when there is none to be had. One that waits in line for it is the more patient attacker. */
function connect(flags = 0): number | undefined {
  const fd = libc.socket(AF_UNIX, TYPE | flags, 0);
  if (fd === -1) return undefined;
  if (libc.connect(fd, address.pointer, address.bytes.length) === 0) {
    connections++;
    return fd;
  }
  libc.close(fd);
  return undefined;
}

/** Sends a text, or bytes; false when the other side takes no more. */
function say(fd: number, what: string | Uint8Array): boolean {
  const bytes = typeof what === "string" ? new TextEncoder().encode(what) : what;
  buffer.bytes.set(bytes.subarray(0, buffer.bytes.length));
  return libc.sendto(fd, buffer.pointer, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0) > 0;
}

/** Takes up to so many bytes of what came; false when the other side has ended. */
function hear(fd: number, most: number): boolean {
  return libc.recv(fd, buffer.pointer, most, MSG_DONTWAIT) !== 0;
}

/** Whether the other side still listens, for who does not read. */
function isHeard(fd: number): boolean {
  const sent = libc.sendto(fd, buffer.pointer, 0, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0);
  return sent !== -1 || errno() === Errno.EAGAIN;
}

/** Whether the other side has not ended; what it has said stays unread. */
function isOpen(fd: number): boolean {
  return libc.recv(fd, buffer.pointer, 1, MSG_DONTWAIT | MSG_PEEK) !== 0;
}

/** Says something on a connection, and leaves it. */
function once(what: string | Uint8Array): void {
  const fd = connect();
  if (fd === undefined) return;
  say(fd, what);
  libc.close(fd);
}

const held: number[] = [];

/** Keeps connections open on which something was said; `goesOn` does something with one, and says whether it goes on. */
function hold(what: string, goesOn: (fd: number) => boolean): void {
  if (held.length < HELD) {
    const fd = connect();
    if (fd !== undefined) held.push(fd);
    if (fd !== undefined) say(fd, what);
  } else {
    Bun.sleepSync(1);
  }
  for (const fd of held.filter((each) => !goesOn(each))) {
    libc.close(fd);
    held.splice(held.indexOf(fd), 1);
  }
}

const request = (fields: string) => `{"v":1,${fields}}\n`;
const STATUS = request('"do":"status"');
const EVENTS = request('"do":"events"').repeat(8);
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}\n`;
const garbage = () => Uint8Array.from({ length: random.whole(1, 2_000) }, () => random.whole(0, 255));

/** A connection on which requests come without a pause, until it is ended. */
function flood(): void {
  const fd = connect();
  if (fd === undefined) return;
  while (performance.now() < endMs && say(fd, STATUS.repeat(random.whole(1, 8))) && hear(fd, 65_536));
  libc.close(fd);
}

/** Good requests, a byte at a time. */
function tinyWrites(): void {
  const fd = connect();
  if (fd === undefined) return;
  for (const byte of STATUS.repeat(20)) if (!say(fd, byte)) break;
  libc.close(fd);
}

const JOINT = () => random.of(["[0,0,0,4095]", "[0,0,4095,0]", "[1e9,1e9,1e9,1e9]", "[0.5,0,1,2]"]);
/** What is said of a leader, as far as a request is long. */
const heard = (leader: string) =>
  request(
    `"do":"heard","leader":"${leader}","arm":{"epoch":"${random
      .whole(0, 2 ** 31)
      .toString(16)
      .padStart(16, "0")}",` + `"normalisation":"range","joints":[${Array.from({ length: 6 }, JOINT)}]}`,
  );

const aSample = new Uint8Array(SAMPLE_BYTES);
let sequence = 0;
/** A good sample, of nobody's epoch, that says anything. */
function sample(): Uint8Array {
  const positions = Array.from({ length: 6 }, () => random.whole(0, 4_095));
  new SampleView(aSample).write(sequence++, random.whole(0, 2 ** 31), 0, random.between(0, 1e12), positions);
  return aSample;
}

const deeds: Readonly<Record<Kind, () => void>> = {
  "connect and close": () => once(""),
  "connect without waiting": () => {
    const fd = connect(SOCK_NONBLOCK);
    if (fd !== undefined) libc.close(fd);
  },
  silence: () => hold("", (fd) => hear(fd, 4_096)),
  "half a request": () => hold('{"v":1,"do":"sta', (fd) => hear(fd, 4_096)),
  "a line without end": () => hold("x".repeat(200_000), isHeard),
  "slow reading": () => hold(STATUS.repeat(12), (fd) => hear(fd, 1)),
  "watching without reading": () => hold(request('"do":"watch","everyMs":50'), isHeard),
  "samples without reading": () => hold(request('"do":"samples","everyMs":2'), isHeard),
  borrowing: () => hold(request(`"do":"lend","for":"${random.of(["a", "siege", "x".repeat(40)])}"`), isHeard),
  "borrowing for a moment": () => once(request('"do":"lend","for":"siege"')),
  "events without reading": () => hold(`${request('"do":"tell","what":"claim failed"')}${EVENTS}`, isHeard),
  garbage: () => once(garbage()),
  "deep and huge JSON": () =>
    once(
      random.of([
        nested(500),
        nested(random.whole(1_000, 50_000)),
        `{"v":1e999,"do":"status"}\n`,
        `"${"\\u0000".repeat(150)}"\n`,
      ]),
    ),
  "other versions": () =>
    once(`{"v":${random.of(["2", '"1"', "1.0000001", "-0", "null", "{}", "1e308"])},"do":"status"}\n`),
  "one request each": () => once(STATUS),
  flood,
  "tiny writes": tinyWrites,
  "carrying without reading": () => hold(request('"do":"network"'), isHeard),
  "carrying for a moment": () => once(request('"do":"network"')),
  "hearing of nobody's leader": () => once(heard("nobody/main")),
  "hearing rubbish": () =>
    once(
      random.of([
        heard("a/b/c"),
        heard("\\u0000/main"),
        request('"do":"heard","leader":"nobody/main","trouble":{"why":"other version","version":1e308}'),
        request(
          `"do":"heard","leader":"nobody/main","trouble":{"why":"refused","broker":"${"x".repeat(300)}"}`,
        ),
      ]),
    ),
  "samples: connect and close": () => once(""),
  "samples: silence": () => hold("", isOpen),
  "samples: wrong sizes": () =>
    hold("x", (fd) => say(fd, aSample.subarray(0, random.whole(0, SAMPLE_BYTES - 1))) && say(fd, garbage())),
  "samples: a flood": () => hold("x", (fd) => say(fd, sample())),
  "samples: killed": () => hold("x", isOpen),
  killed: () => hold(random.of([STATUS, request('"do":"watch","everyMs":50'), ""]), isHeard),
};

while (performance.now() < endMs) deeds[kind as Kind]();
console.log(connections);
