/** What is at a file's name, and is no file that may be used: a link, a pipe, a folder, a file with further names. */
import type { Stats } from "node:fs";

/** Something that is not used as the file, or the folder, whose name it has. The message is the fact: `not a file, but a pipe`. */
export class OddFileError extends Error {
  override readonly name = "OddFileError";
  readonly path: string;

  constructor(path: string, what: string) {
    super(what);
    this.path = path;
  }
}

/** What something is, in two words. */
export function kindOf(stats: Stats): string {
  if (stats.isFile()) return "a file";
  if (stats.isDirectory()) return "a folder";
  if (stats.isSymbolicLink()) return "a link";
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
}

/** A file that is to be read is a file, and not only another name of some file elsewhere. Throws {@link OddFileError}. */
export function refuseOdd(path: string, stats: Stats): void {
  refuseNoFile(path, stats);
  if (stats.nlink > 1)
    throw new OddFileError(
      path,
      `a file of ${stats.nlink} names (hard links), which may be one from elsewhere`,
    );
}

/** Throws {@link OddFileError} for what is no file. */
export function refuseNoFile(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw new OddFileError(path, "a link, and links are not followed there");
  if (!stats.isFile()) throw new OddFileError(path, `not a file, but ${kindOf(stats)}`);
}
