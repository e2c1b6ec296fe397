/** Who is at the other end of a Unix socket, as the kernel says. */
import { readFileSync } from "node:fs";
import { libc, nativeBuffer } from "../libc.ts";

// asm-generic/socket.h; the same on x86-64 and arm64.
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred: pid, uid, gid. */
const UCRED_SIZE = 12;

const credentials = nativeBuffer(UCRED_SIZE);
const credentialWords = new Uint32Array(credentials.bytes.buffer);
const size = nativeBuffer(4);
const sizeWord = new Uint32Array(size.bytes.buffer);

/** A process at the other end of a socket, when it connected. */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  /** All its groups. */
  readonly groups: readonly number[];
}

/** The peer of a connected Unix socket, by its file descriptor; undefined when the kernel does not say. */
export function peerOf(fd: number): Peer | undefined {
  if (!askCredentials(fd)) return undefined;
  const [pid, uid, gid] = credentialWords as unknown as [number, number, number];
  return { pid, uid, groups: [gid, ...furtherGroups(pid)] };
}

/** The process at the other end alone; 0 when the kernel does not say. Allocates nothing. */
export function pidOf(fd: number): number {
  return askCredentials(fd) ? credentialWords[0]! : 0;
}

function askCredentials(fd: number): boolean {
  sizeWord[0] = UCRED_SIZE;
  return libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials.pointer, size.pointer) !== -1;
}

/** The kernel tells a socket's peer by its first group only. */
function furtherGroups(pid: number): number[] {
  try {
    const [, groups = ""] = /^Groups:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return groups.trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return []; // it has ended
  }
}
