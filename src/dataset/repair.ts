/** Removing what a recorder that was ended has left beyond `info.json`. */
import { lockFolder } from "../linux/guarded/lock.ts";
import { openFolder } from "../linux/guarded/path.ts";
import { findBeyond } from "./beyond.ts";
import { readInfo } from "./dataset.ts";
import { asDatasetError } from "./files.ts";
import { placeInOrder, removeFiles } from "./place.ts";
import { DatasetError } from "./problem.ts";

/** What a repair has done, by the paths of files below the dataset's folder. */
export interface Repaired {
  readonly removed: readonly string[];
  readonly rewritten: readonly string[];
}

/** Removes what lies beyond `info.json`. Throws {@link DatasetError}, and nothing that counts has changed. */
export async function repairDataset(dir: string): Promise<Repaired> {
  try {
    const root = openFolder(dir, "throw");
    try {
      const lock = lockFolder(root);
      if (lock === undefined) throw new DatasetError({ kind: "taken", dir });
      try {
        const { remove, rewrite } = (await findBeyond(dir, readInfo(dir))).beyond;
        removeFiles(root, remove);
        await placeInOrder(root, rewrite);
        return { removed: remove, rewritten: rewrite.map(({ path }) => path) };
      } finally {
        lock.release();
      }
    } finally {
      root.close();
    }
  } catch (error) {
    throw asDatasetError(dir, dir, error);
  }
}
