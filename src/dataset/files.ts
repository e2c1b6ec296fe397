/** Reading a dataset's files: what others may have put there is neither waited for, nor larger than what LeRobot writes. */

import { OddFileError } from "../linux/guarded/odd-file.ts";
import { inFolder, readNamedFile } from "../linux/guarded/path.ts";
import { factOf, isSystemError } from "../linux/system-error.ts";
import { DatasetError } from "./problem.ts";

/** A text of a dataset has no more bytes: the statistics of a dozen cameras are some kilobytes. */
const LONGEST_TEXT = 16 * 1024 * 1024;
/** LeRobot ends a data file at 100 MB, and some older ones at 500. */
const LARGEST_TABLE = 512 * 1024 * 1024;
/** Folders `chunk-…`, and files in one. */
const MOST_NAMES = 10_000;

/** The bytes of a file below the dataset's folder; undefined where there is none. Throws {@link DatasetError}. */
export function readTable(dir: string, name: string): Buffer | undefined {
  return read(dir, name, LARGEST_TABLE);
}

/** A text below the dataset's folder; undefined where there is none. Throws {@link DatasetError}. */
export function readText(dir: string, name: string): string | undefined {
  return read(dir, name, LONGEST_TEXT)?.toString("utf8");
}

function read(dir: string, name: string, mostBytes: number): Buffer | undefined {
  const path = `${dir}/${name}`;
  try {
    return readNamedFile(path, mostBytes).bytes;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw asDatasetError(dir, path, error);
  }
}

/** The names in a folder below the dataset's, sorted; none where there is no such folder. Throws {@link DatasetError}. */
export function namesIn(dir: string, name: string): string[] {
  const path = `${dir}/${name}`;
  try {
    return inFolder(path, "throw", (folder) => folder.names(MOST_NAMES)).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw asDatasetError(dir, path, error);
  }
}

/** The files `chunk-…/file-….<ext>` below a folder of the dataset, by their paths, in LeRobot's order. */
export function filesBelow(dir: string, folder: string, ext: string): string[] {
  return namesIn(dir, folder).flatMap((chunk) => {
    // Nothing in a file's place is a folder's name.
    if (chunk.includes(".")) return [];
    return namesIn(dir, `${folder}/${chunk}`)
      .filter((name) => name.endsWith(`.${ext}`))
      .map((name) => `${folder}/${chunk}/${name}`);
  });
}

/** Whether a folder is at the dataset's path. Throws {@link DatasetError} where that cannot be told. */
export function isFolder(dir: string): boolean {
  try {
    return inFolder(dir, "throw", () => true);
  } catch (error) {
    if (isMissing(error)) return false;
    throw asDatasetError(dir, dir, error);
  }
}

function isMissing(error: unknown): boolean {
  return isSystemError(error) && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Whatever refuses a file of the dataset, as a problem. What is none is thrown again as it is. */
export function asDatasetError(dir: string, path: string, error: unknown): unknown {
  if (error instanceof OddFileError) {
    return new DatasetError({ kind: "odd", dir, path: error.path, fact: error.message }, error);
  }
  if (!isSystemError(error)) return error;
  if (error.code === "ENOSPC" || error.code === "EDQUOT") {
    return new DatasetError({ kind: "full", dir, path }, error);
  }
  return new DatasetError({ kind: "refused", dir, path, code: error.code, fact: factOf(error) }, error);
}
