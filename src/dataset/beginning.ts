/** A dataset's folder before there is a dataset in it. */
import type { GuardedFolder } from "../linux/guarded/folder.ts";
import { nameBehindTemporary } from "../linux/temporary.ts";
import { readUnits } from "./dataset.ts";
import { namesIn, readText } from "./files.ts";
import { CARD_FILE, INFO_FILE } from "./format.ts";

/** Whether a folder has nothing but what is made there before `info.json`. */
export function isJustBegun(dir: string, root: GuardedFolder): boolean {
  return readText(dir, INFO_FILE) === undefined && root.names().every((name) => isOurBeginning(dir, name));
}

/** Whether something in a folder is what is left of a dataset that was cut off while it was made. */
export function isOurBeginning(dir: string, name: string): boolean {
  if (name === CARD_FILE) return readUnits(dir) !== undefined;
  if (name === "meta") return namesIn(dir, name).every((one) => nameBehindTemporary(one) === "info.json");
  return nameBehindTemporary(name) === CARD_FILE;
}
