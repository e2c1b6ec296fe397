/** Who really runs the program: under sudo it is not root's home that somebody means by "mine". */
import { replaceFile } from "../linux/files.ts";
import { groupsOf } from "../linux/groups.ts";
import { takeRights } from "../linux/guarded/rights.ts";
import { changeableByOthers } from "../linux/own-path.ts";
import { systemPrograms } from "./programs.ts";

/** The user who called sudo. */
export interface Invoker {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The user who called sudo; undefined when nobody did, or the system does not know that user. */
export function invokingUser(
  env: Environment = process.env,
  euid = process.geteuid?.(),
): Invoker | undefined {
  if (euid !== 0 || !/^\d+$/.test(env.SUDO_UID ?? "")) return undefined;
  // name:password:uid:gid:comment:home:shell, wherever the system has its users from.
  const entry = systemPrograms.run("getent", "passwd", env.SUDO_UID!)?.stdout.trim().split(":") ?? [];
  const [name, , uid, gid, , home] = entry;
  if (name === undefined || home === undefined || home === "") return undefined;
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** The environment with the home of the user who called sudo, if somebody did. */
export function invokersEnvironment(env: Environment = process.env): Environment {
  const invoker = invokingUser(env);
  return invoker === undefined ? env : { ...env, HOME: invoker.home };
}

/**
 * Does `work` with the rights to files of the user who called sudo, groups and all, so that it reads what that user may
 * read and the files that it makes are that user's; with those there are when nobody did. Throws an Error when the system
 * does not allow it.
 */
export async function asInvoker<T>(work: () => T | Promise<T>): Promise<T> {
  const invoker = invokingUser();
  if (invoker === undefined) return work();
  const { name, uid, gid } = invoker;
  const giveBack = takeRights({ uid, gid, groups: groupsOf(name, gid) });
  if (giveBack === undefined) throw new Error(`root may not act as ${name} here — run this without sudo`);
  try {
    return await work();
  } finally {
    giveBack();
  }
}

/**
 * Replaces a file that a person has named, as `replaceFile` does, with no more rights than that takes: root's only where
 * nobody else may change where the path leads; elsewhere those of the user who called sudo, who gets no further with them
 * than without sudo. Throws the system's error; an Error that says what to do where it is root alone who runs.
 */
export async function replaceNamedFile(path: string, text: string, mode?: number): Promise<void> {
  const part = process.geteuid?.() === 0 ? changeableByOthers(path) : undefined;
  if (part === undefined) return replaceFile(path, text, mode);
  if (invokingUser() === undefined) {
    throw new Error(
      `${part} may be changed by others than root, who could lead this to another file — run it as the user whose it is`,
    );
  }
  await asInvoker(async () => replaceFile(path, text, mode));
}
