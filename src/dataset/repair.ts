/** Removing what a recorder that was ended has left beyond `info.json`. */
import { findBeyond, removeBeyond } from "./beyond.ts";
import { readInfo } from "./dataset.ts";
import { asDatasetError } from "./files.ts";
import { HeldFolder } from "./held.ts";

/** What a repair has done, by the paths of files below the dataset's folder. */
export interface Repaired {
  readonly removed: readonly string[];
  readonly rewritten: readonly string[];
}

/** Removes what lies beyond `info.json`. Throws {@link DatasetError}, and nothing that counts has changed. */
export async function repairDataset(dir: string): Promise<Repaired> {
  const held = HeldFolder.take(dir, "throw");
  try {
    const { beyond } = await findBeyond(dir, readInfo(dir));
    await removeBeyond(held.root, beyond);
    return { removed: beyond.remove, rewritten: beyond.rewrite.map(({ path }) => path) };
  } catch (error) {
    throw asDatasetError(dir, dir, error);
  } finally {
    held.close();
  }
}
