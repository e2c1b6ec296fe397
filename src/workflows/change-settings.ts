/** Changing keys of a pair's configuration file: by this process where it may, else by root's helper. */
import { accessSync, constants, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { Changes } from "../config/changes.ts";
import { readConfigFile } from "../config/file.ts";
import { MAIN_PAIR, pairConfigPath } from "../config/pairs.ts";
import { changed, changeFile, type SettingsFile } from "../root/change-file.ts";
import { setKeys } from "../root/work.ts";

export { ChangedMeanwhile, digestOf, type SettingsFile } from "../root/change-file.ts";

/**
 * Changes keys of the file, which must be the one of the digest `seen`: its other lines and comments stay. Returns the text
 * that the file has then.
 * Throws {@link ConfigError}, whose problems say which keys are why; {@link ChangedMeanwhile}; an Error that says why the
 * file could not be written. The file is then as it was.
 */
export async function changeSettings(file: SettingsFile, changes: Changes, seen: string): Promise<string> {
  const { path, pair = MAIN_PAIR } = file;
  if (mayReplace(path) || path !== pairConfigPath(pair)) return (await changeFile(file, changes, seen)).after;
  // Here too, for the keys that are why it is refused: root's helper has words alone.
  const edited = changed(file, readConfigFile(path), changes, seen);
  await setKeys(pair, changes, seen);
  return edited;
}

/** Whether this process may replace a file by itself. */
function mayReplace(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(dirname(realpathSync(path)), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
