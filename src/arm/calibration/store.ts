/** Where arms' calibrations are kept: LeRobot's tree of files, and what stands beside them while they are written. */
import { basename, join } from "node:path";
import type { GuardedFolder } from "../../linux/guarded/folder.ts";
import { OddFileError } from "../../linux/guarded/odd-file.ts";
import type { SystemError } from "../../linux/system-error.ts";
import type { ArmIdentity } from "../identity.ts";
import type { JointName, Role } from "../joints.ts";
import type { CalibrationUnfinished } from "../problem.ts";
import type { Remedy } from "../remedy.ts";
import {
  type Calibration,
  type CalibrationText,
  calibrationOrError,
  formatCalibration,
  parseCalibration,
} from "./calibration.ts";
import { CalibrationError, invalid, unreadable, unwritable, WAYS_TO_ONE } from "./error.ts";
import {
  commitAll,
  commitSecond,
  doubtsOf,
  LARGEST_FILE_BYTES,
  oldNameOf,
  orDiscard,
  readIn,
  type Saved,
  stageCalibration,
} from "./files/file.ts";
import {
  findTreeFile,
  inTreeFolder,
  makeTreeFolder,
  readTreeFile,
  sameContent,
  type TreeFile,
} from "./files/tree-file.ts";
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
   * that differ; "invalid" for an id that names no file, and for what is no file; "unreadable".
   */
  find(arm: ArmIdentity): string {
    return this.#find(arm).path;
  }

  /** An arm's files, by the older generation's name first. Throws {@link CalibrationError}. */
  filesOf(arm: ArmIdentity): TreeFile[] {
    const [older] = pathsOf(this.root, arm, this.#model);
    return foldersOf(arm.role, this.#model).flatMap(
      (folder) => findTreeFile(this.root, folder, basename(older)) ?? [],
    );
  }

  /** Reads an arm's calibration, or that of some joints. Throws as {@link find}; "invalid" for what cannot be one. */
  load(arm: ArmIdentity, joints?: readonly JointName[]): Calibration {
    return readTreeFile(this.#find(arm), arm, joints).calibration;
  }

  /** Reads an arm's calibration, and tells what of its file is left out. Throws as {@link load}. */
  loadText(arm: ArmIdentity): CalibrationText & { readonly path: string } {
    const file = this.#find(arm);
    return { path: file.path, ...readTreeFile(file, arm) };
  }

  /** What an arm's file holds, or why that cannot be had; as {@link load}. Throws nothing that a person can cause. */
  tryLoad(arm: ArmIdentity, joints?: readonly JointName[]): Calibration | CalibrationError {
    return calibrationOrError(() => this.load(arm, joints));
  }

  /** An arm's file, where there is one: what tells how it came about. Throws nothing that a person can cause. */
  fileOf(arm: ArmIdentity): CalibrationFile | undefined {
    try {
      const { path, realPath, folder } = this.#find(arm);
      return inTreeFolder(this.root, folder, "throw", (opened) => {
        const { mtimeMs: writtenAtMs } = opened.read(basename(path), LARGEST_FILE_BYTES).stats;
        const oldPath = oldNameOf(realPath);
        const old = calibrationOrError(() => readIn(opened, basename(oldPath), oldPath));
        const isUsable = !(old instanceof CalibrationError);
        return { path, writtenAtMs, ...(isUsable && { old: { path: oldPath, calibration: old } }) };
      });
    } catch {
      return undefined; // what is wrong with it is told by {@link load}
    }
  }

  /** What an arm's file holds, where there is one that can be used. */
  loadIfUsable(arm: ArmIdentity): Calibration | undefined {
    const filed = this.tryLoad(arm);
    return filed instanceof CalibrationError ? undefined : filed;
  }

  /** The ids of the arms in a role that have a file, by either generation's name, in order. Throws {@link CalibrationError}. */
  savedIds(role: Role): string[] {
    const files = foldersOf(role, this.#model).flatMap((folder) => {
      try {
        return inTreeFolder(this.root, folder, "throw", (opened) => opened.names());
      } catch (cause) {
        const error = unreadable(join(this.root, folder), cause);
        if (error.trouble === "missing") return [];
        throw error;
      }
    });
    const ids = files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
    return [...new Set(ids)].filter((id) => armIdProblem(id) === undefined).sort();
  }

  /**
   * Keeps an arm's calibration so that either generation of LeRobot reads it: under the older name, and under the newer
   * one by a link to the folder, or, where that is a folder of its own, by a second file. What was there is kept beside
   * it, its name ending in `.old`; a file that holds the same already is left alone.
   * Makes the folders that are missing. Throws {@link CalibrationError}: "invalid", "unwritable"; the arm's file is then as
   * it was.
   */
  save(arm: ArmIdentity, calibration: Calibration): Saved {
    const [path, newerPath] = pathsOf(this.root, arm, this.#model);
    const name = basename(path);
    parseCalibration(formatCalibration(calibration), path);
    return this.#inFolders(arm, (older, newer) => {
      // All is on the disk before any of it gets its name: a disk that is full keeps both files as they are.
      const first = stageCalibration(older, name, calibration);
      const second = orDiscard(first, () => (newer ? stageCalibration(newer, name, calibration) : []));
      orDiscard(second, () => commitAll(first));
      const doubts = first.length > 0 ? doubtsOf(older, path) : [];
      return { path, doubts: [...doubts, ...(newer ? commitSecond(newer, second, newerPath) : [])] };
    });
  }

  /**
   * Makes sure that an arm's calibration can be written, before somebody takes the trouble of making one: a file of its
   * size is written beside it and removed. Throws {@link CalibrationError} "unwritable"; as {@link findUnfinished}, without
   * which none is written either.
   */
  checkRoom(arm: ArmIdentity): void {
    this.findUnfinished(arm);
    const name = basename(this.pathBeside(arm, ".json"));
    this.#inFolders(arm, (folder) => folder.stage(name, " ".repeat(4096)).discard());
  }

  /** The path of what is kept beside an arm's calibration file: its name with `suffix` in place of `.json`. */
  pathBeside(arm: ArmIdentity, suffix: string): string {
    const [older] = pathsOf(this.root, arm, this.#model);
    return older.replace(/\.json$/, suffix);
  }

  /** What is kept beside an arm's calibration file; undefined when nothing is. Throws {@link CalibrationError}. */
  readBeside(arm: ArmIdentity, suffix: string): string | undefined {
    const path = this.pathBeside(arm, suffix);
    const [older] = foldersOf(arm.role, this.#model);
    try {
      return inTreeFolder(this.root, older, "throw", (folder) =>
        folder.read(basename(path), LARGEST_FILE_BYTES).bytes.toString("utf8"),
      );
    } catch (cause) {
      // Nothing replaces it that has not read it.
      if (cause instanceof OddFileError)
        throw invalid(cause.path, `${cause.message}: remove it`, [], arm, { cause });
      const error = unreadable(path, cause);
      if (error.trouble === "missing") return undefined;
      throw error;
    }
  }

  /**
   * Keeps a text beside an arm's calibration file; returns why it may not survive a loss of power.
   * Throws {@link CalibrationError} "unwritable".
   */
  keepBeside(arm: ArmIdentity, suffix: string, text: string): SystemError | undefined {
    const path = this.pathBeside(arm, suffix);
    return this.#inFolders(arm, (folder) => folder.replace(basename(path), text), path);
  }

  /**
   * Removes what is kept beside an arm's calibration file, if it is there. After a loss of power it may be there again.
   * Throws {@link CalibrationError} "unwritable".
   */
  removeBeside(arm: ArmIdentity, suffix: string): void {
    const path = this.pathBeside(arm, suffix);
    this.#inFolders(arm, (folder) => void folder.remove(basename(path)), path);
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
    const text = this.readBeside(arm, UNFINISHED);
    return text === undefined ? undefined : parseUnfinished(text, this.unfinishedPath(arm), arm);
  }

  /** Keeps what is about to be written, where no loss of power takes it. Throws {@link CalibrationError} "unwritable". */
  keepUnfinished(arm: ArmIdentity, unfinished: Unfinished): void {
    const refused = this.keepBeside(arm, UNFINISHED, formatUnfinished(unfinished));
    if (refused === undefined) return;
    this.removeBeside(arm, UNFINISHED);
    throw unwritable(
      this.unfinishedPath(arm),
      refused,
      "cannot be written so that it survives a loss of power",
    );
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

  #find(arm: ArmIdentity): TreeFile {
    const [older, newer] = pathsOf(this.root, arm, this.#model);
    const found = this.filesOf(arm);
    const [one, other] = found;
    if (one === undefined) throw notOne(arm, "missing", [older, newer], "there is no such file", WAYS_TO_ONE);
    if (other !== undefined && !sameContent(one, other)) {
      throw notOne(arm, "ambiguous", [older, newer], `differs from ${newer}`, [], unusableOf(found));
    }
    return one;
  }

  /**
   * Does something in the folder of an arm's file, made where it is missing, and the one by the newer name, where that is
   * a folder of its own. Throws {@link CalibrationError} "unwritable", of the file or of what `path` names beside it.
   */
  #inFolders<T>(
    arm: ArmIdentity,
    work: (older: GuardedFolder, newer: GuardedFolder | undefined) => T,
    path = this.pathBeside(arm, ".json"),
  ): T {
    const [olderName, newerName] = foldersOf(arm.role, this.#model);
    try {
      makeTreeFolder(this.root, olderName, newerName);
    } catch (cause) {
      throw unwritable(path, cause, "its folder cannot be made");
    }
    try {
      return inTreeFolder(this.root, olderName, "throw", (older, ownName) =>
        inTreeFolder(this.root, newerName, "make", (newer, newerOwnName) =>
          work(older, newerOwnName === ownName ? undefined : newer),
        ),
      );
    } catch (cause) {
      throw unwritable(path, cause);
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
function unusableOf(files: readonly TreeFile[]): string | undefined {
  const unusable = files.filter(
    (file) => calibrationOrError(() => readTreeFile(file).calibration) instanceof CalibrationError,
  );
  return unusable.length === 1 ? unusable[0]!.path : undefined;
}
