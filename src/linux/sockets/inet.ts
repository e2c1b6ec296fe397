/** The TCP connections that this process has, by their file descriptors: whoever accepted them, and told nobody. */
import { readdirSync } from "node:fs";
import { libc, nativeBuffer } from "../libc.ts";

// asm-generic's numbers; the same on x86-64 and arm64.
const AF_INET = 2;
const AF_INET6 = 10;
const SHUT_RDWR = 2;
// linux/sockios.h: what was written and not acknowledged, and of that what was not even sent; in bytes.
const SIOCOUTQ = 0x5411;
const SIOCOUTQNSD = 0x894b;

/** struct sockaddr_storage; of both families the port follows the family, in the network's order. */
const address = nativeBuffer(128);
const words = new DataView(address.bytes.buffer);
const size = nativeBuffer(4);
const sizeWord = new Uint32Array(size.bytes.buffer);

/** The other end of a connection. */
export interface Connection {
  readonly fd: number;
  /** Its address as {@link plainAddress} writes it. */
  readonly address: string;
  readonly port: number;
}

/** The connections that came to a port of this process. */
export function connectionsTo(port: number): Connection[] {
  return readdirSync("/proc/self/fd").flatMap((name): Connection[] => {
    const fd = Number(name);
    if (endOf(fd, "getsockname")?.port !== port) return [];
    const peer = endOf(fd, "getpeername");
    return peer === undefined ? [] : [{ fd, ...peer }];
  });
}

/**
 * Ends a connection, whose owner notices that the other side has gone, and closes it. To be called in the turn in which it was
 * found: later the descriptor may be another file's.
 */
export function endConnection({ fd }: Connection): void {
  libc.shutdown(fd, SHUT_RDWR);
}

/** An address as one text: without a zone, and that of IPv4 as itself where it stands in one of IPv6. */
export function plainAddress(text: string): string {
  const [bare = ""] = text.split("%");
  const short = bare.includes(":") ? (URL.parse(`http://[${bare}]`)?.hostname.slice(1, -1) ?? bare) : bare;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  return [high, low]
    .map((word) => Number.parseInt(word, 16))
    .flatMap((word) => [word >> 8, word & 0xff])
    .join(".");
}

/** The file descriptor of a connection of this process, by its port here and the other side's; -1 where there is none. */
export function descriptorOf(localPort: number, remotePort: number): number {
  return connectionsTo(localPort).find(({ port }) => port === remotePort)?.fd ?? -1;
}

/** What was written to a TCP connection, and the other side has not acknowledged, in bytes; 0 for what is none. */
export function unacknowledgedBytes(fd: number): number {
  return queued(fd, SIOCOUTQ);
}

/** What was written to a TCP connection, and waits in this machine to be sent, in bytes; 0 for what is none. */
export function unsentBytes(fd: number): number {
  return queued(fd, SIOCOUTQNSD);
}

function queued(fd: number, request: number): number {
  sizeWord[0] = 0;
  return libc.ioctl(fd, request, size.pointer) === 0 ? sizeWord[0] : 0;
}

function endOf(
  fd: number,
  call: "getsockname" | "getpeername",
): { address: string; port: number } | undefined {
  sizeWord[0] = address.bytes.length;
  if (libc[call](fd, address.pointer, size.pointer) !== 0) return undefined;
  const family = words.getUint16(0, true);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const text =
    family === AF_INET
      ? address.bytes.subarray(4, 8).join(".")
      : Array.from({ length: 8 }, (_, index) => words.getUint16(8 + 2 * index).toString(16)).join(":");
  return { address: plainAddress(text), port: words.getUint16(2) };
}
