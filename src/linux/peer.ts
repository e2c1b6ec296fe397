/** Who is at the other end of a Unix socket, as the kernel says. */
import { readFileSync } from "node:fs";
import { libc, nativeBuffer } from "./libc.ts";

// asm-generic/socket.h; the same on x86-64 and arm64.
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred: pid, uid, gid. */
const UCRED_SIZE = 12;

/** A process at the other end of a socket, when it connected. */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  /** All its groups. */
  readonly groups: readonly number[];
}

/** The peer of a connected Unix socket, by its file descriptor; undefined when the kernel does not say. */
export function peerOf(fd: number): Peer | undefined {
  const credentials = nativeBuffer(UCRED_SIZE);
  const size = nativeBuffer(4);
  new Uint32Array(size.bytes.buffer)[0] = UCRED_SIZE;
  if (libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials.pointer, size.pointer) === -1)
    return undefined;
  const [pid, uid, gid] = new Uint32Array(credentials.bytes.buffer) as unknown as [number, number, number];
  return { pid, uid, groups: [gid, ...furtherGroups(pid)] };
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
