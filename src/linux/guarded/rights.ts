/**
 * With whose rights this thread uses files. Root's are more than most of its work below a shared folder needs: what
 * root opens with somebody else's rights cannot be more than theirs, wherever a name leads.
 */
import { libc, nativeBuffer } from "../libc.ts";
import { SYSTEM_CALLS } from "./at.ts";

/** A user with groups, as far as files are concerned. */
export interface Rights {
  readonly uid: number;
  readonly gid: number;
  /** All of the groups. */
  readonly groups: readonly number[];
}

/** For the kernel: no user, so that nothing changes and the one before is returned. */
const NOBODY_AT_ALL = 0xffff_ffff;

/** The user with whose rights this thread uses files now. */
export function userOfFiles(): number {
  const euid = process.geteuid!();
  // Only root takes others' rights, and a unit's filter of system calls may refuse the question to everybody else.
  return euid === 0 ? libc.setfsuid(NOBODY_AT_ALL) >>> 0 : euid;
}

/** The user who called sudo, by number; undefined when it is not root that runs, or nobody called it. */
export function invokerUid(
  env: Readonly<Record<string, string | undefined>> = process.env,
  euid = process.geteuid?.(),
): number | undefined {
  const { SUDO_UID = "" } = env;
  if (euid !== 0 || !/^\d{1,10}$/.test(SUDO_UID)) return undefined;
  const uid = Number(SUDO_UID);
  return uid > 0 && uid < NOBODY_AT_ALL ? uid : undefined;
}

/**
 * This thread's use of files with these rights, until what is returned is called; undefined, and nothing has changed,
 * where that is not allowed. Other threads, and programs that are started meanwhile, are not concerned: libc's
 * `seteuid` would change every thread, the control thread too.
 */
export function takeRights({ uid, gid, groups }: Rights): (() => void) | undefined {
  const before = {
    uid: userOfFiles(),
    gid: libc.setfsgid(NOBODY_AT_ALL) >>> 0,
    groups: process.getgroups!(),
  };
  if (!setGroups(groups)) return undefined;
  const giveBack = () => {
    // The user first: the others are root's to change.
    libc.setfsuid(before.uid);
    libc.setfsgid(before.gid);
    setGroups(before.groups);
  };
  libc.setfsgid(gid);
  libc.setfsuid(uid);
  if (userOfFiles() === uid && libc.setfsgid(NOBODY_AT_ALL) >>> 0 === gid) return giveBack;
  giveBack();
  return undefined;
}

/** The system call itself, which changes this thread alone. */
function setGroups(groups: readonly number[]): boolean {
  const { bytes, pointer } = nativeBuffer(Math.max(4, 4 * groups.length));
  new Uint32Array(bytes.buffer).set(groups);
  return Number(libc.syscall(SYSTEM_CALLS.setgroups, groups.length, pointer, 0)) === 0;
}
