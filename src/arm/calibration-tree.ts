/** LeRobot's tree of calibration files: where an arm's file is found, and where it is kept. */
import { lstatSync, mkdirSync, readFileSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import {
  type Calibration,
  CalibrationError,
  GET_ONE,
  readCalibration,
  syncFolder,
  unreadable,
  writeCalibration,
} from "./calibration.ts";
import type { Role } from "./joints.ts";

/** An arm's folder below the root, by both generations' names: LeRobot 0.3.2 – 0.4.2 first, then 0.4.3 and later. */
const folders = {
  leader: ["teleoperators/so101_leader", "teleoperators/so_leader"],
  follower: ["robots/so101_follower", "robots/so_follower"],
} as const satisfies Record<Role, readonly [string, string]>;

/** A file name has at most 255 bytes, and `.json` takes five. */
const LONGEST_ID_BYTES = 250;

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

/**
 * Keeps an arm's calibration below `root`, so that either generation of LeRobot reads it: under the older name, and
 * under the newer one by a link to the folder, or, where that is a folder of its own, by a second file.
 * Makes the folders that are missing. Returns the file's path. Throws as {@link writeCalibration}.
 */
export function saveCalibration(root: string, role: Role, id: string, calibration: Calibration): string {
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
  writeCalibration(older, calibration);
  if (isThere(link) && realpathSync(link) !== realpathSync(folder)) writeCalibration(newer, calibration);
  return older;
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

/** Makes a folder below which a group shares files, and those above it; the entries survive a loss of power. */
function makeFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o775 });
  if (made === undefined) return;
  for (let at = folder; at !== dirname(made); at = dirname(at)) syncFolder(dirname(at));
}
