/** Where arms' calibrations are kept: LeRobot's tree of files, and what stands beside them while they are written. */
import { lstatSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeFolder, removeFile, replaceFile, syncFolder } from "../../linux/files.ts";
import type { ArmIdentity } from "../identity.ts";
import type { JointName, Role } from "../joints.ts";
import type { CalibrationUnfinished } from "../problem.ts";
import type { Remedy } from "../remedy.ts";
import {
  type Calibration,
  calibrationOrError,
  isThere,
  oldPathOf,
  readCalibration,
  replaceCalibration,
} from "./calibration.ts";
import { CalibrationError, unreadable, unwritable, WAYS_TO_ONE } from "./error.ts";
import { armIdProblem, foldersOf, type LerobotModel, pathsOf } from "./tree.ts";
import { formatUnfinished, parseUnfinished, type Unfinished, WAYS_OUT } from "./unfinished.ts";

/** Not `.json`: programs take every such file in the folder for a calibration. */
const UNFINISHED = ".unfinished";

/** How an arm's file came about. */
export interface CalibrationFile {
  readonly path: string;
  /** When it was written, ms since 1970. */
  readonly writtenAtMs: number;
  /** What it replaced, as far as that is kept and can be used. */
  readonly old?: { readonly path: string; readonly calibration: Calibration };
}

/** The calibrations below one root, by the names of one of LeRobot's models of the arm. */
export class CalibrationStore {
  /** The root of LeRobot's tree. */
  readonly root: string;

  readonly #model: LerobotModel;

  /** `model` names the folder that is written beside the newer generation's; ours is the SO-101's. */
  constructor(root: string, model: LerobotModel = "so101") {
    this.root = root;
    this.#model = model;
  }

  /**
   * The file that holds an arm's calibration, by either generation's name.
   * Throws {@link CalibrationError}: "missing", telling where it was looked for; "ambiguous" when both names hold files
   * that differ; "invalid" for an id that names no file; "unreadable".
   */
  find(arm: ArmIdentity): string {
    const [older, newer] = pathsOf(this.root, arm, this.#model);
    const found = this.placesOf(arm);
    if (found.length === 0)
      throw notOne(arm, "missing", [older, newer], "there is no such file", WAYS_TO_ONE);
    if (found.length === 2 && !sameContent(older, newer)) {
      throw notOne(arm, "ambiguous", [older, newer], `differs from ${newer}`, [], unusableOf(found));
    }
    return found[0]!;
  }

  /** The paths at which an arm has a file, by the older generation's name first. Throws {@link CalibrationError}. */
  placesOf(arm: ArmIdentity): string[] {
    return pathsOf(this.root, arm, this.#model).filter(isThere);
  }

  /** Reads an arm's calibration, or that of some joints. Throws as {@link find} and {@link readCalibration}. */
  load(arm: ArmIdentity, joints?: readonly JointName[]): Calibration {
    return readCalibration(this.find(arm), arm, joints);
  }

  /** What an arm's file holds, or why that cannot be had; as {@link load}. Throws nothing that a person can cause. */
  tryLoad(arm: ArmIdentity, joints?: readonly JointName[]): Calibration | CalibrationError {
    return calibrationOrError(() => this.load(arm, joints));
  }

  /** An arm's file, where there is one: what tells how it came about. Throws nothing that a person can cause. */
  fileOf(arm: ArmIdentity): CalibrationFile | undefined {
    try {
      const path = this.find(arm);
      const oldPath = oldPathOf(path);
      const old = calibrationOrError(() => readCalibration(oldPath));
      return {
        path,
        writtenAtMs: statSync(path).mtimeMs,
        ...(!(old instanceof CalibrationError) && { old: { path: oldPath, calibration: old } }),
      };
    } catch {
      return undefined; // what is wrong with it is told by {@link load}
    }
  }

  /** What an arm's file holds, where there is one that can be used. */
  loadIfUsable(arm: ArmIdentity): Calibration | undefined {
    const filed = this.tryLoad(arm);
    return filed instanceof CalibrationError ? undefined : filed;
  }

  /** The ids of the arms in a role that have a file, by either generation's name, in order. Never throws. */
  savedIds(role: Role): string[] {
    const files = foldersOf(role, this.#model).flatMap((folder) => {
      try {
        return readdirSync(join(this.root, folder));
      } catch {
        return [];
      }
    });
    const ids = files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
    return [...new Set(ids)].filter((id) => armIdProblem(id) === undefined).sort();
  }

  /**
   * Keeps an arm's calibration so that either generation of LeRobot reads it: under the older name, and under the newer
   * one by a link to the folder, or, where that is a folder of its own, by a second file. What was there is kept beside
   * it, its name ending in `.old`; a file that holds the same already is left alone.
   * Makes the folders that are missing. Returns the file's path. Throws as {@link writeCalibration}.
   */
  save(arm: ArmIdentity, calibration: Calibration): string {
    const [older, newer] = pathsOf(this.root, arm, this.#model);
    const link = dirname(newer);
    this.#makeFolder(arm);
    replaceCalibration(older, calibration);
    if (isThere(link) && realpathSync(link) !== realpathSync(dirname(older))) {
      replaceCalibration(newer, calibration);
    }
    return older;
  }

  /**
   * Makes sure that an arm's calibration can be written, before somebody takes the trouble of making one: a file of its
   * size is written beside it and removed. Throws {@link CalibrationError} "unwritable".
   */
  checkRoom(arm: ArmIdentity): void {
    this.#makeFolder(arm);
    const probe = this.pathBeside(arm, ".probe");
    try {
      replaceFile(probe, " ".repeat(4096));
      removeFile(probe);
    } catch (cause) {
      throw unwritable(this.pathBeside(arm, ".json"), cause);
    }
  }

  /** The path of what is kept beside an arm's calibration file: its name with `suffix` in place of `.json`. */
  pathBeside(arm: ArmIdentity, suffix: string): string {
    const [older] = pathsOf(this.root, arm, this.#model);
    return older.replace(/\.json$/, suffix);
  }

  /** Keeps a text beside an arm's calibration file. Throws {@link CalibrationError} "unwritable". */
  keepBeside(arm: ArmIdentity, suffix: string, text: string): void {
    this.#makeFolder(arm);
    const path = this.pathBeside(arm, suffix);
    try {
      replaceFile(path, text);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /** Removes what is kept beside an arm's calibration file, if it is there. Throws {@link CalibrationError} "unwritable". */
  removeBeside(arm: ArmIdentity, suffix: string): void {
    this.#makeFolder(arm);
    const path = this.pathBeside(arm, suffix);
    try {
      removeFile(path);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /** Where what was being written to an arm is kept, while it is. */
  unfinishedPath(arm: ArmIdentity): string {
    return this.pathBeside(arm, UNFINISHED);
  }

  /**
   * What was being written to an arm when it was interrupted; undefined when nothing was.
   * Throws {@link CalibrationError} "unfinished" when something is there that this program cannot read.
   */
  findUnfinished(arm: ArmIdentity): Unfinished | undefined {
    const path = this.unfinishedPath(arm);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (cause) {
      const error = unreadable(path, cause);
      if (error.trouble === "missing") return undefined;
      throw error;
    }
    return parseUnfinished(text, path, arm);
  }

  /** Keeps what is about to be written. Throws {@link CalibrationError} "unwritable". */
  keepUnfinished(arm: ArmIdentity, unfinished: Unfinished): void {
    this.keepBeside(arm, UNFINISHED, formatUnfinished(unfinished));
  }

  /** Forgets it: the writing is complete, or undone. Throws {@link CalibrationError} "unwritable". */
  forgetUnfinished(arm: ArmIdentity): void {
    this.removeBeside(arm, UNFINISHED);
  }

  /** The problem with an arm whose calibration was interrupted while it was written; undefined when none was. */
  unfinishedProblem({ role, id }: ArmIdentity): CalibrationUnfinished | undefined {
    const code = "calibration.unfinished";
    const arm = { role, id };
    try {
      if (this.findUnfinished(arm) === undefined) return undefined;
    } catch (error) {
      if (!(error instanceof CalibrationError)) throw error;
      if (error.problem.code === code) return error.problem;
      const { path: file, message: because } = error;
      return { code, arm, kind: "unreadable", file, because, remedies: [] };
    }
    return { code, arm, kind: "interrupted", file: this.unfinishedPath(arm), remedies: WAYS_OUT };
  }

  /** Makes the folder of an arm's file, with its link by the newer name, where they are missing. */
  #makeFolder(arm: ArmIdentity): void {
    const [older, newer] = pathsOf(this.root, arm, this.#model);
    const [folder, link] = [dirname(older), dirname(newer)];
    try {
      makeFolder(folder);
      if (lstatSync(link, { throwIfNoEntry: false }) === undefined) {
        symlinkSync(basename(folder), link);
        syncFolder(dirname(link));
      }
    } catch (cause) {
      throw unwritable(older, cause, "its folder cannot be made");
    }
  }
}

function notOne(
  { role, id }: ArmIdentity,
  kind: "missing" | "ambiguous",
  files: readonly [string, string],
  what: string,
  remedies: readonly Remedy[],
  unusable?: string,
): CalibrationError {
  const arm = { role, id };
  return new CalibrationError({
    ...{ code: "calibration.missing", arm, kind, files, what, remedies },
    ...(unusable !== undefined && { unusable }),
  });
}

/** The file that cannot be a calibration, where the others can. */
function unusableOf(files: readonly string[]): string | undefined {
  const unusable = files.filter(
    (file) => calibrationOrError(() => readCalibration(file)) instanceof CalibrationError,
  );
  return unusable.length === 1 ? unusable[0] : undefined;
}

/** Whether two files are one, or say the same: their line ends may differ. */
export function sameContent(a: string, b: string): boolean {
  if (realpathSync(a) === realpathSync(b)) return true;
  try {
    if (readFileSync(a).equals(readFileSync(b))) return true;
  } catch (cause) {
    throw unreadable(a, cause);
  }
  const [one, other] = [a, b].map((path) => calibrationOrError(() => readCalibration(path)));
  return !(one instanceof CalibrationError) && Bun.deepEquals(one, other);
}
