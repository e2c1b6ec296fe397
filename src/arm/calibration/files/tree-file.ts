/** Folders and files of a tree of calibrations: below its root no link is followed. */
import { basename, dirname, join, resolve } from "node:path";
import type { GuardedFolder } from "../../../linux/guarded/folder.ts";
import { OddFileError } from "../../../linux/guarded/odd-file.ts";
import { inFolder } from "../../../linux/guarded/path.ts";
import type { ArmIdentity } from "../../identity.ts";
import type { JointName } from "../../joints.ts";
import { type CalibrationText, calibrationOrError, parseCalibrationBytes } from "../calibration.ts";
import { CalibrationError, unreadable } from "../error.ts";
import { namesOfOneFolder } from "../tree.ts";
import { LARGEST_FILE_BYTES } from "./file.ts";

/** A file that is in a tree. */
export interface TreeFile {
  /** The root of the tree. */
  readonly root: string;
  /** The path by which it was found. */
  readonly path: string;
  /** The folder that really has it, below the root, and its path by that. */
  readonly folder: string;
  readonly realPath: string;
}

/** What is at a path in the tree below `root`; undefined where nothing is. Throws {@link CalibrationError}. */
export function findTreeFile(root: string, folder: string, name: string): TreeFile | undefined {
  const path = join(root, folder, name);
  try {
    return inTreeFolder(root, folder, "throw", (opened, real) =>
      opened.look(name) === undefined
        ? undefined
        : { root, path, folder: real, realPath: join(root, real, name) },
    );
  } catch (cause) {
    const error = unreadable(path, cause);
    if (error.trouble === "missing") return undefined;
    throw error;
  }
}

/** Reads a file of a tree. Throws {@link CalibrationError}. */
export function readTreeFile(
  file: TreeFile,
  arm?: ArmIdentity,
  joints?: readonly JointName[],
): CalibrationText {
  return parseCalibrationBytes(bytesOf(file, arm), file.path, arm, joints);
}

/** Whether two files are one, or say the same: their line ends may differ. Throws {@link CalibrationError}. */
export function sameContent(a: TreeFile, b: TreeFile): boolean {
  if (a.realPath === b.realPath) return true;
  if (bytesOf(a).equals(bytesOf(b))) return true;
  const [one, other] = [a, b].map((file) => calibrationOrError(() => readTreeFile(file).calibration));
  return !(one instanceof CalibrationError) && Bun.deepEquals(one, other);
}

function bytesOf({ root, folder, path }: TreeFile, arm?: ArmIdentity): Buffer {
  try {
    return inTreeFolder(
      root,
      folder,
      "throw",
      (opened) => opened.read(basename(path), LARGEST_FILE_BYTES).bytes,
    );
  } catch (cause) {
    throw unreadable(path, cause, arm);
  }
}

/**
 * Does something with a folder below the root, such as `robots/so_follower`, and with its name there: the newer
 * generation's may be a link to the older's, or the other way round. Such a link is known by what it says, and never
 * followed. Folders that are missing are made, or the system's error is thrown; {@link OddFileError} for other links.
 */
export function inTreeFolder<T>(
  root: string,
  folder: string,
  missing: "throw" | "make",
  work: (opened: GuardedFolder, real: string) => T,
): T {
  const parent = dirname(folder);
  return inFolder(root, missing, (opened) =>
    inside(opened, parent, missing, (opened) => {
      const real = ownName(opened, basename(folder));
      return inside(opened, real, missing, (opened) => work(opened, `${parent}/${real}`));
    }),
  );
}

/**
 * Makes the folder of a role's arms, and the link to it by the newer generation's name, where they are missing.
 * Throws as {@link inTreeFolder}.
 */
export function makeTreeFolder(root: string, older: string, newer: string): void {
  inFolder(root, "make", (opened) =>
    inside(opened, dirname(older), "make", (parent) => {
      const own = ownName(parent, basename(older));
      inside(parent, own, "make", () => {});
      const link = basename(newer);
      if (parent.look(link) === undefined) parent.makeLink(link, own);
    }),
  );
}

function inside<T>(
  folder: GuardedFolder,
  name: string,
  missing: "throw" | "make",
  work: (opened: GuardedFolder) => T,
): T {
  const opened = missing === "make" ? folder.makeFolder(name) : folder.folder(name);
  try {
    return work(opened);
  } finally {
    opened.close();
  }
}

/** The name that an arm's folder has where the one that is asked for is a link to it. Throws {@link OddFileError}. */
function ownName(parent: GuardedFolder, name: string): string {
  const names = namesOfOneFolder(name);
  let own = name;
  // Each name once: more links than names would be a circle.
  for (const _ of names) {
    const target = parent.linkTarget(own);
    if (target === undefined) return own;
    const meant = names.find((one) => resolve(parent.path, target) === parent.pathOf(one));
    if (meant === undefined) break;
    own = meant;
  }
  throw new OddFileError(
    parent.pathOf(own),
    "a link, and links are not followed there: put a folder in its place, or remove it",
  );
}
