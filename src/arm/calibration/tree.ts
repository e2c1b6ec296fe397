/** LeRobot's tree of calibration files: where an arm's file is found, and where it is kept. */
import { lstatSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { makeFolder, removeFile, replaceFile, syncFolder } from "../../linux/files.ts";
import type { Role } from "../joints.ts";
import {
  type Calibration,
  CalibrationError,
  formatCalibration,
  GET_ONE,
  readCalibration,
  unreadable,
  unwritable,
  writeCalibration,
} from "./calibration.ts";

/** An arm's folder below the root, by both generations' names: LeRobot 0.3.2 – 0.4.2 first, then 0.4.3 and later. */
const folders = {
  leader: ["teleoperators/so101_leader", "teleoperators/so_leader"],
  follower: ["robots/so101_follower", "robots/so_follower"],
} as const satisfies Record<Role, readonly [string, string]>;

/** A file name has at most 255 bytes; `.json` and the names of what is kept or made beside it need some of them. */
const LONGEST_ID_BYTES = 200;

/** What keeps a text from being an arm's id, for a message; undefined when it can be one. It names a file. */
export function armIdProblem(id: string): string | undefined {
  if (id === "") return "an arm's id must not be empty";
  if (id === "." || id === ".." || id.includes("/")) {
    return `an arm's id names a file and cannot be a path such as ${JSON.stringify(id)}`;
  }
  if (/\p{Cc}/u.test(id)) return `an arm's id cannot have control characters, as ${JSON.stringify(id)} has`;
  if (Buffer.byteLength(id) > LONGEST_ID_BYTES) {
    return `an arm's id has at most ${LONGEST_ID_BYTES} bytes, not ${Buffer.byteLength(id)}`;
  }
  return undefined;
}

/** The root of LeRobot's own tree, by the environment variables that LeRobot reads. */
export function lerobotCalibrationRoot(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const home = env.HOME || homedir();
  const expand = (path: string) => (path === "~" || path.startsWith("~/") ? home + path.slice(1) : path);
  if (env.HF_LEROBOT_CALIBRATION) return expand(env.HF_LEROBOT_CALIBRATION);
  if (env.HF_LEROBOT_HOME) return join(expand(env.HF_LEROBOT_HOME), "calibration");
  const cache = env.HF_HOME || join(env.XDG_CACHE_HOME || join(home, ".cache"), "huggingface");
  return join(expand(cache), "lerobot", "calibration");
}

/**
 * The file that holds an arm's calibration below `root`, by either generation's name.
 * Throws {@link CalibrationError}: "missing", telling where it was looked for; "ambiguous" when both names hold files
 * that differ; "invalid" for an id that names no file; "unreadable".
 */
export function findCalibration(root: string, role: Role, id: string): string {
  const [older, newer] = pathsOf(root, role, id);
  const found = [older, newer].filter(isThere);
  if (found.length === 0) {
    throw new CalibrationError(
      "missing",
      older,
      `${role} "${id}": no calibration; looked for ${older} and ${newer} — ${GET_ONE}`,
    );
  }
  if (found.length === 2 && !sameContent(older, newer)) {
    throw new CalibrationError(
      "ambiguous",
      older,
      `${role} "${id}": two calibrations that differ, ${older} and ${newer} — remove the one that is not this arm's`,
    );
  }
  return found[0]!;
}

/** Reads an arm's calibration below `root`. Throws as {@link findCalibration} and {@link readCalibration}. */
export function loadCalibration(root: string, role: Role, id: string): Calibration {
  return readCalibration(findCalibration(root, role, id));
}

/** The ids of the arms in a role that have a file below `root`, by either generation's name, in order. Never throws. */
export function savedIds(root: string, role: Role): string[] {
  const files = folders[role].flatMap((folder) => {
    try {
      return readdirSync(join(root, folder));
    } catch {
      return [];
    }
  });
  const ids = files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
  return [...new Set(ids)].filter((id) => armIdProblem(id) === undefined).sort();
}

/**
 * Keeps an arm's calibration below `root`, so that either generation of LeRobot reads it: under the older name, and
 * under the newer one by a link to the folder, or, where that is a folder of its own, by a second file. What was there
 * is kept beside it, its name ending in `.old`; a file that holds the same already is left alone.
 * Makes the folders that are missing. Returns the file's path. Throws as {@link writeCalibration}.
 */
export function saveCalibration(root: string, role: Role, id: string, calibration: Calibration): string {
  const [older, newer] = pathsOf(root, role, id);
  const link = dirname(newer);
  makeCalibrationFolder(root, role, id);
  replaceCalibration(older, calibration);
  if (isThere(link) && realpathSync(link) !== realpathSync(dirname(older))) {
    replaceCalibration(newer, calibration);
  }
  return older;
}

/**
 * Writes a calibration file, and keeps what was there beside it, its name ending in `.old`. A file that holds the same
 * already is left alone. Throws as {@link writeCalibration}.
 */
export function replaceCalibration(path: string, calibration: Calibration): void {
  const text = formatCalibration(calibration);
  if (isThere(path)) {
    let before: string;
    try {
      before = readFileSync(path, "utf8");
    } catch (cause) {
      throw unreadable(path, cause);
    }
    if (before === text) return;
    try {
      replaceFile(`${realpathSync(path)}.old`, before);
    } catch (cause) {
      throw unwritable(`${path}.old`, cause);
    }
  }
  writeCalibration(path, calibration);
}

/**
 * Makes the folder of an arm's calibration file below `root`, with its link by the newer name, where they are missing.
 * Returns the folder. Throws {@link CalibrationError} "unwritable" or "invalid".
 */
export function makeCalibrationFolder(root: string, role: Role, id: string): string {
  const [older, newer] = pathsOf(root, role, id);
  const [folder, link] = [dirname(older), dirname(newer)];
  try {
    makeFolder(folder);
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) {
      symlinkSync(folders[role][0].split("/")[1]!, link);
      syncFolder(dirname(link));
    }
  } catch (cause) {
    throw new CalibrationError(
      "unwritable",
      older,
      `calibration ${older}: its folder cannot be made: ${(cause as Error).message}`,
      { cause },
    );
  }
  return folder;
}

/**
 * Makes sure that an arm's calibration can be written, before somebody takes the trouble of making one: a file of its
 * size is written beside it and removed. Throws {@link CalibrationError} "unwritable".
 */
export function checkRoom(root: string, role: Role, id: string): void {
  makeCalibrationFolder(root, role, id);
  const probe = pathBeside(root, role, id, ".probe");
  try {
    replaceFile(probe, " ".repeat(4096));
    removeFile(probe);
  } catch (cause) {
    throw unwritable(pathBeside(root, role, id, ".json"), cause);
  }
}

/** The path of what is kept beside an arm's calibration file: its name with `suffix` in place of `.json`. */
export function pathBeside(root: string, role: Role, id: string, suffix: string): string {
  const [older] = pathsOf(root, role, id);
  return older.replace(/\.json$/, suffix);
}

function pathsOf(root: string, role: Role, id: string): [older: string, newer: string] {
  const [older, newer] = folders[role];
  const problem = armIdProblem(id);
  if (problem !== undefined) throw new CalibrationError("invalid", join(root, older), `${role}: ${problem}`);
  return [join(root, older, `${id}.json`), join(root, newer, `${id}.json`)];
}

function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (cause) {
    const error = unreadable(path, cause);
    if (error.trouble === "missing") return false;
    throw error;
  }
}

function sameContent(a: string, b: string): boolean {
  if (realpathSync(a) === realpathSync(b)) return true;
  try {
    return readFileSync(a).equals(readFileSync(b));
  } catch (cause) {
    throw unreadable(a, cause);
  }
}
