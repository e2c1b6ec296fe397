/** The TCP connections that this process has, by their file descriptors: whoever accepted them, and told nobody. */
import { readdirSync } from "node:fs";
import { libc, nativeBuffer } from "../libc.ts";

// asm-generic's numbers; the same on x86-64 and arm64.
const AF_INET = 2;
const AF_INET6 = 10;
const SHUT_RDWR = 2;
// asm-generic/socket.h; the same on x86-64 and arm64.
const SOL_SOCKET = 1;
const SO_LINGER = 13;
/** struct linger: to wait for what is sent to arrive, 0 s of it. */
const linger = nativeBuffer(8);
new Int32Array(linger.bytes.buffer)[0] = 1;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_THIN_LINEAR_TIMEOUTS = 16;
/** struct tcp_info (linux/tcp.h), of Linux 4.6 and later: packets on their way, round trip (µs), bytes acknowledged, bytes not sent yet. */
const tcpInfo = nativeBuffer(192);
const tcpInfoWords = new DataView(tcpInfo.bytes.buffer);
const UNACKED_AT = 24;
const RTT_AT = 68;
const BYTES_ACKED_AT = 120;
const NOTSENT_AT = 144;

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

/** The same, and what either side has not taken yet is thrown away. */
export function resetConnection(connection: Connection): void {
  libc.setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, linger.pointer, linger.bytes.length);
  endConnection(connection);
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

/** How far what was written to a TCP connection has come. */
export interface Progress {
  /** What waits in this machine to be sent, bytes. */
  readonly unsentBytes: number;
  /** Whether the other side has acknowledged all. */
  readonly isAcknowledged: boolean;
  /** What it has acknowledged since the connection was made, bytes. */
  readonly acknowledgedBytes: number;
  /** How long an acknowledgement usually takes, ms. */
  readonly roundTripMs: number;
}

/** How far what was written to a connection has come; undefined for what is no TCP connection. */
export function progressOf(fd: number): Progress | undefined {
  sizeWord[0] = tcpInfo.bytes.length;
  if (libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, tcpInfo.pointer, size.pointer) !== 0) return undefined;
  const unsentBytes = tcpInfoWords.getUint32(NOTSENT_AT, true);
  return {
    unsentBytes,
    isAcknowledged: unsentBytes === 0 && tcpInfoWords.getUint32(UNACKED_AT, true) === 0,
    acknowledgedBytes: Number(tcpInfoWords.getBigUint64(BYTES_ACKED_AT, true)),
    roundTripMs: tcpInfoWords.getUint32(RTT_AT, true) / 1e3,
  };
}

/**
 * Has what was lost of a thin stream sent again and again after equal times: by default each time is twice the one before,
 * so that two losses in a row are half a second. Where the system does not know of it nothing changes.
 */
export function sendAgainEvenly(fd: number): void {
  sizeWord[0] = 1;
  libc.setsockopt(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, size.pointer, size.bytes.length);
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
