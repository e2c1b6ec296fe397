/**
 * The process between the two ends of a link. It runs in the namespace of end a; `carrier.ts NAMESPACE_A NAMESPACE_B
 * ADDRESS_A ADDRESS_B SEED`. A line of JSON on its standard input says what the link is to be like (`ordersSchema`), and
 * is answered by one on its standard output. At the end of its input it removes both namespaces and ends: whoever
 * started it has done so, or was killed.
 */
import * as v from "valibot";
import { nowUs, writeTimespec } from "../../../linux/clock.ts";
import { libc, nativeBuffer } from "../../../linux/libc.ts";
import { runOnTime } from "../../../linux/scheduling.ts";
import { printLine } from "../../../linux/text/stdout.ts";
import { randomFrom } from "../random.ts";
import { type Carried, ordersSchema, type Report } from "./conditions.ts";
import { Direction, PACKET_BYTES } from "./direction.ts";
import { ip, removeNamespaces } from "./namespaces.ts";
import { openTun } from "./tun.ts";

const [namespaceA = "", namespaceB = "", addressA = "", addressB = "", seed = "1"] = process.argv.slice(2);
/** Room for what a VPN adds. */
const MTU = "1400";
const STDIN = 0;
const POLLIN = 1;
/** Longer than anybody says nothing. */
const LONGEST_WAIT_US = 1e6;

/** A device in the namespace of one end. */
function openEnd(name: string, namespace: string, own: string, other: string): number {
  const fd = openTun(name);
  if (namespace !== namespaceA) ip("link", "set", name, "netns", namespace);
  ip("-n", namespace, "address", "add", own, "peer", other, "dev", name);
  ip("-n", namespace, "link", "set", name, "mtu", MTU, "up");
  return fd;
}

const a = openEnd("link-a", namespaceA, addressA, addressB);
const b = openEnd("link-b", namespaceB, addressB, addressA);
const { ab: initial } = v.parse(ordersSchema, { ab: { delayMs: 0 }, ba: { delayMs: 0 } });
const ab = new Direction(initial, randomFrom(Number(seed)));
const ba = new Direction(initial, randomFrom(Number(seed) + 0x5eed));

/** struct pollfd of standard input and both ends: the descriptor, and in one word what is waited for and what has come. */
const poll = nativeBuffer(3 * 8);
const pollWords = new Int32Array(poll.bytes.buffer);
for (const [index, fd] of [STDIN, a, b].entries()) {
  pollWords[2 * index] = fd;
  pollWords[2 * index + 1] = POLLIN;
}
const patience = nativeBuffer(16);
const patienceWords = new Uint32Array(patience.bytes.buffer);
const input = nativeBuffer(4096);
let unread = "";

const hasCome = (index: number) => pollWords[2 * index + 1]! >>> 16 !== 0;

/** Takes all packets that have come from an end. */
function take(fd: number, direction: Direction): void {
  for (;;) {
    const length = libc.read(fd, direction.room, PACKET_BYTES);
    if (length <= 0) return;
    direction.take(length, nowUs());
  }
}

/** Hands over what is due. An end that is full loses it. */
function deliver(direction: Direction, fd: number): void {
  while (direction.dueUs <= nowUs()) {
    libc.write(fd, direction.packet, direction.length);
    direction.arrived();
  }
}

/** Does as the lines say that have come; returns whether there may be more. */
function obey(): boolean {
  const length = libc.read(STDIN, input.pointer, input.bytes.length);
  if (length <= 0) return false;
  unread += new TextDecoder().decode(input.bytes.subarray(0, length));
  const lines = unread.split("\n");
  unread = lines.pop()!;
  for (const line of lines) {
    const orders = v.parse(ordersSchema, JSON.parse(line));
    ab.conditions = orders.ab;
    ba.conditions = orders.ba;
    const report: Report = { atUs: nowUs(), ab: carriedBy(ab), ba: carriedBy(ba) };
    printLine(JSON.stringify(report));
  }
  return true;
}

function carriedBy({ carried, lost }: Direction): Carried {
  return { carried, lost };
}

runOnTime();
for (;;) {
  writeTimespec(patienceWords, Math.min(ab.dueUs, ba.dueUs, nowUs() + LONGEST_WAIT_US) - nowUs());
  libc.ppoll(poll.pointer, 3, patience.pointer, null);
  take(a, ab);
  take(b, ba);
  deliver(ab, b);
  deliver(ba, a);
  if (hasCome(0) && !obey()) break;
}
removeNamespaces([namespaceA, namespaceB]);
