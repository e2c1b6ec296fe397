/** Removing what a recorder that was ended has left beyond `info.json`. */
import { findBeyond } from "./beyond.ts";
import { readInfo } from "./dataset.ts";
import { asDatasetError } from "./files.ts";
import { HeldFolder } from "./held.ts";
import { placeInOrder, removeFiles } from "./place.ts";

/** What a repair has done, by the paths of files below the dataset's folder. */
export interface Repaired {
  readonly removed: readonly string[];
  readonly rewritten: readonly string[];
}

/** Removes what lies beyond `info.json`. Throws {@link DatasetError}, and nothing that counts has changed. */
export async function repairDataset(dir: string): Promise<Repaired> {
  const held = HeldFolder.take(dir, "throw");
  try {
    const { remove, rewrite } = (await findBeyond(dir, readInfo(dir))).beyond;
    removeFiles(held.root, remove);
    await placeInOrder(held.root, rewrite);
    return { removed: remove, rewritten: rewrite.map(({ path }) => path) };
  } catch (error) {
    throw asDatasetError(dir, dir, error);
  } finally {
    held.close();
  }
}
