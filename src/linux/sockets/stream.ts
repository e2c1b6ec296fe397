/**
 * Sockets of the Unix family, with a connection each, through libc. Nothing here waits; accepting, receiving and closing allocate nothing, so
 * that a storm of connections leaves nothing to clean up.
 */
import { Errno, errno, libc, type NativeBuffer, nativeBuffer } from "../libc.ts";
import { systemError } from "../system-error.ts";

// asm-generic's numbers; the same on x86-64 and arm64.
const AF_UNIX = 1;
/** A connection carries bytes, or datagrams: whole, in order, and of what there is no room for none. */
const SOCKET_KINDS = { stream: 1, datagrams: 5 } as const;
/** What a connection carries. */
export type SocketKind = keyof typeof SOCKET_KINDS;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_PEEK = 0x02;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_RDWR = 2;
const SOL_SOCKET = 1;
const SO_SNDTIMEO = 21;
const FIONBIO = 0x5421;
/** SIOCOUTQ by another name: the bytes that were sent and not yet taken by the other side, with what they are kept in. */
const TIOCOUTQ = 0x5411;

/** struct sockaddr_un: the family, then the path and a NUL. */
const PATH_AT = 2;
const LONGEST_PATH_BYTES = 107;

const argument = nativeBuffer(4);
const argumentWord = new Int32Array(argument.bytes.buffer);
/** struct timeval */
const patience = nativeBuffer(16);
const patienceWords = new BigInt64Array(patience.bytes.buffer);
const waste = nativeBuffer(65_536);

/** Makes a socket at a path and returns its file descriptor. It takes nobody before {@link listen}. Throws the system's error. */
export function bindAt(path: string, kind: SocketKind = "stream"): number {
  const address = addressOf(path, "bind");
  const fd = newSocket(path, SOCK_NONBLOCK, kind);
  if (libc.bind(fd, address.pointer, address.bytes.length) === 0) return fd;
  throw failedWith(fd, path, "bind");
}

/** Has so many wait to be accepted. Throws the system's error. */
export function listen(fd: number, path: string, backlog: number): void {
  if (libc.listen(fd, backlog) !== 0) throw systemError(errno(), "listen", path);
}

/** Has a listening socket that another process made never wait. */
export function neverWait(fd: number): void {
  argumentWord[0] = 1;
  libc.ioctl(fd, FIONBIO, argument.pointer);
}

/** The next who has connected, by a file descriptor that is to be closed; -1 when there is nobody, or none can be taken. */
export function accept(listener: number): number {
  return libc.accept4(listener, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/**
 * Connects to who listens at a path. Where too many wait to be accepted, it waits in line with them for `waitMs` at most.
 * Throws the system's error: EAGAIN where that was not enough.
 */
export function connectTo(path: string, waitMs = 0, kind: SocketKind = "stream"): number {
  const address = addressOf(path, "connect");
  const fd = newSocket(path, waitMs > 0 ? 0 : SOCK_NONBLOCK, kind);
  if (waitMs > 0) {
    patienceWords[0] = BigInt(Math.floor(waitMs / 1e3));
    patienceWords[1] = BigInt(Math.round((waitMs % 1e3) * 1e3));
    libc.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, patience.pointer, patience.bytes.length);
  }
  if (libc.connect(fd, address.pointer, address.bytes.length) === 0) return fd;
  throw failedWith(fd, path, "connect");
}

/** Nothing has come yet. */
export const NOTHING_YET = -1;
/** The other side has gone. */
export const GONE = 0;

/** Takes what has come, as far as it fits; how many bytes, {@link NOTHING_YET}, or {@link GONE}. */
export function receive(fd: number, into: NativeBuffer): number {
  return receivedOrWhy(libc.recv(fd, into.pointer, into.bytes.length, MSG_DONTWAIT));
}

function receivedOrWhy(count: number): number {
  if (count >= 0) return count;
  return isNotNow() ? NOTHING_YET : GONE;
}

/** Whether anything has come, which stays to be received: as {@link receive}, with 1 for whatever has. */
export function peek(fd: number): number {
  return receivedOrWhy(libc.recv(fd, argument.pointer, 1, MSG_DONTWAIT | MSG_PEEK));
}

/** Sends what the other side has room for, of the first `length` bytes; how many those are, or -1 when it has gone. */
export function send(fd: number, from: NativeBuffer, length: number): number {
  const count = libc.sendto(fd, from.pointer, length, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0);
  if (count >= 0) return count;
  return isNotNow() ? 0 : -1;
}

function isNotNow(): boolean {
  const why = errno();
  return why === Errno.EAGAIN || why === Errno.EINTR;
}

/** Whether the other side has taken all that was sent. */
export function isAllTaken(fd: number): boolean {
  argumentWord[0] = 0;
  return libc.ioctl(fd, TIOCOUTQ, argument.pointer) === 0 && argumentWord[0] === 0;
}

/** Closes a listening socket. Who else has it, as systemd has those that it hands over, listens on. */
export function closeListener(fd: number): void {
  libc.close(fd);
}

/** Ends a connection for both sides; its descriptor is still to be closed. */
export function hangUp(fd: number): void {
  libc.shutdown(fd, SHUT_RDWR);
}

/** Closes a connection. What the other side was sent it can still read; what it sends comes to nothing. */
export function close(fd: number): void {
  // With anything unread in it, closing tells the other side of an error. Who has sent more than this may have one.
  libc.shutdown(fd, SHUT_RDWR);
  receive(fd, waste);
  libc.close(fd);
}

/** A buffer of exactly the address's size. */
function addressOf(path: string, syscall: string): NativeBuffer {
  const name = new TextEncoder().encode(path);
  if (name.length > LONGEST_PATH_BYTES) throw systemError(Errno.ENAMETOOLONG, syscall, path);
  const address = nativeBuffer(PATH_AT + name.length + 1);
  new DataView(address.bytes.buffer).setUint16(0, AF_UNIX, true);
  address.bytes.set(name, PATH_AT);
  return address;
}

function newSocket(path: string, flags: number, kind: SocketKind): number {
  const fd = libc.socket(AF_UNIX, SOCKET_KINDS[kind] | SOCK_CLOEXEC | flags, 0);
  if (fd === -1) throw systemError(errno(), "socket", path);
  return fd;
}

function failedWith(fd: number, path: string, syscall: string): Error {
  const error = systemError(errno(), syscall, path);
  libc.close(fd);
  return error;
}
