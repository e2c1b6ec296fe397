/** Who really runs the program: under sudo it is not root's home that somebody means by "mine". */
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
