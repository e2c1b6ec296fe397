/** A dataset's folder while it is changed: held open, so that it stays this one, and locked, so that nobody else changes it. */
import type { GuardedFolder } from "../linux/guarded/folder.ts";
import { type FolderLock, lockFolder } from "../linux/guarded/lock.ts";
import { openFolder } from "../linux/guarded/path.ts";
import { isSystemError } from "../linux/system-error.ts";
import { asDatasetError } from "./files.ts";
import { DatasetError } from "./problem.ts";

/** A folder that is held and locked until it is closed. */
export class HeldFolder {
  readonly root: GuardedFolder;
  readonly #lock: FolderLock;

  private constructor(root: GuardedFolder, lock: FolderLock) {
    this.root = root;
    this.#lock = lock;
  }

  /** Takes the folder of a dataset; one that is missing is made, or refused. Throws {@link DatasetError}. */
  static take(dir: string, missing: "make" | "throw"): HeldFolder {
    try {
      const root = openFolder(dir, missing);
      try {
        const lock = lockFolder(root);
        if (lock === undefined) throw new DatasetError({ kind: "taken", dir });
        return new HeldFolder(root, lock);
      } catch (error) {
        root.close();
        throw error;
      }
    } catch (error) {
      const isMissing = missing === "throw" && isSystemError(error) && error.code === "ENOENT";
      throw isMissing ? new DatasetError({ kind: "missing", dir }, error) : asDatasetError(dir, dir, error);
    }
  }

  /** Lets go of it. */
  close(): void {
    this.#lock.release();
    this.root.close();
  }
}
