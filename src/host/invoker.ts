/** Who really runs the program: under sudo it is not root's home that somebody means by "mine". */
import { replaceFile } from "../linux/files.ts";
import { changeableByOthers } from "../linux/own-path.ts";
import { systemPrograms } from "./programs.ts";

/** The user who called sudo. */
export interface Invoker {
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
  const [, , uid, gid, , home] = entry;
  if (home === undefined || home === "") return undefined;
  return { uid: Number(uid), gid: Number(gid), home };
}

/** The environment with the home of the user who called sudo, if somebody did. */
export function invokersEnvironment(env: Environment = process.env): Environment {
  const invoker = invokingUser(env);
  return invoker === undefined ? env : { ...env, HOME: invoker.home };
}

/**
 * Does `work` with the rights of the user who called sudo, so that the files that it makes are that user's; with those
 * there are when nobody did.
 */
export async function asInvoker<T>(work: () => Promise<T>): Promise<T> {
  const invoker = invokingUser();
  if (invoker === undefined) return work();
  const gid = process.getegid!();
  process.setegid!(invoker.gid);
  process.seteuid!(invoker.uid);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
    process.setegid!(gid);
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
