/** Setting keys of a pair's configuration file, by root: whole or not at all, and of all else nothing is changed. */
import { existsSync, realpathSync } from "node:fs";
import { withChanges } from "../config/changes.ts";
import { ConfigError, readConfigFile } from "../config/file.ts";
import { MAIN_PAIR, pairConfigPath } from "../config/pairs.ts";
import { replaceNamedFile } from "../host/invoker.ts";
import { SHIPPED_CONFIG } from "../host/package-files.ts";
import { makeFolder, UnsyncedError } from "../linux/files.ts";
import { FileLock } from "../linux/lock.ts";
import { isSystemError, whyOf } from "../linux/system-error.ts";
import type { KeyValues } from "./work.ts";

/** Another program of ours that changes the file is done within ms. */
const LOCK_WITHIN_MS = 3_000;
const TRY_EVERY_MS = 20;

/** The file is not the one any more that somebody has looked at. The message says what to do. */
export class ChangedMeanwhile extends Error {
  override readonly name = "ChangedMeanwhile";
}

/** What a text is known again by: whether a file is still the one that somebody has looked at. */
export function digestOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

/**
 * Sets keys of the file of a pair in `dir`; false where it says so already. The main pair's is made where there is none.
 * Where `seen` is given the file must be the one of that digest.
 * Throws {@link ConfigError} when the file would be none that the service takes, or is written in a way that cannot be
 * changed; {@link ChangedMeanwhile}; an Error that says why it could not be written. The file is then as it was.
 */
export async function setKeysHere(
  pair: string,
  keys: KeyValues,
  seen?: string,
  dir?: string,
): Promise<boolean> {
  const path = pairConfigPath(pair, dir);
  if (pair === MAIN_PAIR && !existsSync(path)) {
    if (dir !== undefined) makeFolder(dir);
    return edited(path, SHIPPED_CONFIG.text);
  }
  const lock = await lockOf(path);
  try {
    return await edited(path, readConfigFile(path));
  } finally {
    lock.release();
  }

  async function edited(path: string, text: string): Promise<boolean> {
    if (text.includes("\uFFFD")) {
      throw new ConfigError(
        `${path} has bytes that are no UTF-8, and is left as it is — mend it with an editor`,
      );
    }
    if (seen !== undefined && digestOf(text) !== seen) {
      throw new ChangedMeanwhile(
        `${path} has been changed by somebody else meanwhile, and stays so — look at what it has now, then do this again`,
      );
    }
    const after = withChanges(text, keys, path, pair);
    if (after === text) return false;
    await write(path, after);
    return true;
  }
}

/** The file's own lock: the file that takes its place is another one, of which who waited gets the lock in turn. */
async function lockOf(path: string): Promise<FileLock> {
  for (const deadlineMs = performance.now() + LOCK_WITHIN_MS; ; ) {
    const lock = FileLock.takeIfThere(realPath(path));
    if (lock instanceof FileLock) return lock;
    if (lock === undefined) readConfigFile(path); // says why it cannot be opened
    if (performance.now() > deadlineMs) throw new Error(`another program has ${path} locked — try again`);
    await Bun.sleep(TRY_EVERY_MS);
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it is said when it is read
  }
}

/** Throws an Error that says what to do. */
async function write(path: string, text: string): Promise<void> {
  try {
    await replaceNamedFile(path, text, 0o644);
  } catch (error) {
    if (error instanceof UnsyncedError || !isSystemError(error)) throw error;
    throw new Error(`${path} could not be written, and is as it was: ${whyOf(error)}`);
  }
}
