/** Setting keys of a pair's configuration file, by root. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { MAIN_PAIR, pairConfigPath } from "../config/pairs.ts";
import { SHIPPED_CONFIG } from "../host/package-files.ts";
import { makeFolder } from "../linux/files.ts";
import { changed, changeFile, write } from "./change-file.ts";
import type { KeyValues } from "./work.ts";

/**
 * Sets keys of the file of a pair in `dir`, as {@link changeFile} does; false where it says so already. The main pair's is
 * made out of the one that is shipped where it is not there. Throws as {@link changeFile}.
 */
export async function setKeysHere(
  pair: string,
  keys: KeyValues,
  seen?: string,
  dir?: string,
): Promise<boolean> {
  const path = pairConfigPath(pair, dir);
  if (pair === MAIN_PAIR && !existsSync(path)) {
    const text = changed({ path, pair }, SHIPPED_CONFIG.text, keys, seen);
    makeFolder(dirname(path));
    await write(path, text);
    return true;
  }
  const { before, after } = await changeFile({ path, pair }, keys, seen);
  return after !== before;
}
