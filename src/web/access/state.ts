/**
 * The files that the page's server keeps, in a folder of its user's alone. Root's command writes there too: with that
 * user's rights, so that no name in the folder leads root to another file.
 */
import { existsSync, mkdirSync, type Stats } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import type { GuardedFolder } from "../../linux/guarded/folder.ts";
import { inFolder } from "../../linux/guarded/path.ts";
import { whyOf } from "../../linux/system-error.ts";

/** What systemd makes for the page's unit (StateDirectory). */
const UNIT_DIR = "/var/lib/so101-web";
const LONGEST_BYTES = 65_536;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where a user's server keeps its state: what systemd says; for root, the unit's; else the user's own, which is made.
 * Throws an Error for a user who asks where root must.
 */
export function stateDir(env: Environment = process.env, euid = process.geteuid?.()): string {
  if (env.STATE_DIRECTORY !== undefined) return env.STATE_DIRECTORY;
  if (euid === 0 && existsSync(UNIT_DIR)) return UNIT_DIR;
  const dir = join(env.XDG_STATE_HOME ?? join(homedir(), ".local/state"), "so101-web");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** Whether the page's unit has its state on this machine, which is root's to change. */
export function isUnitsState(env: Environment = process.env): boolean {
  return env.STATE_DIRECTORY === undefined && existsSync(UNIT_DIR);
}

/** What a file says; undefined where there is none, or it says something else. Never throws. */
export function readState<Schema extends v.GenericSchema>(
  dir: string,
  name: string,
  schema: Schema,
): v.InferOutput<Schema> | undefined {
  try {
    const { bytes } = inFolder(dir, "throw", (folder) => folder.read(name, LONGEST_BYTES));
    return v.parse(schema, JSON.parse(bytes.toString("utf8")));
  } catch {
    return undefined;
  }
}

/** What is to be kept cannot be: the disk is full, or somebody has changed the folder. The message is for the person. */
export class NotKept extends Error {
  override readonly name = "NotKept";
}

/** Replaces a file, for its folder's owner alone. Throws {@link NotKept}. */
export function replaceState(dir: string, name: string, state: object): void {
  change(dir, name, (folder) => {
    const { uid, gid } = folder.stats;
    const like = { uid, gid, mode: 0o600 } as Stats;
    folder.stage(name, `${JSON.stringify(state, null, 2)}\n`, like).commit();
    const unsynced = folder.sync();
    if (unsynced !== undefined) throw unsynced;
  });
}

/** Removes a file, if it is there. Throws {@link NotKept}. */
export function removeState(dir: string, name: string): void {
  change(dir, name, (folder) => folder.remove(name));
}

function change(dir: string, name: string, work: (folder: GuardedFolder) => void): void {
  try {
    inFolder(dir, "throw", work);
  } catch (cause) {
    const why = whyOf(cause);
    throw new NotKept(
      `${join(dir, name)} cannot be changed: ${why} — mend that on the machine, then try again`,
      {
        cause,
      },
    );
  }
}
