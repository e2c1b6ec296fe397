/** Changing keys of a pair's configuration file: whoever asks, it is done in this way, whole or not at all. */
import { accessSync, constants, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { type Changes, withChanges } from "../config/changes.ts";
import { readConfigFile } from "../config/file.ts";
import { replaceNamedFile } from "../host/invoker.ts";
import { UnsyncedError } from "../linux/files.ts";

/** A pair's configuration file. */
export interface SettingsFile {
  readonly path: string;
  /** The pair's name, which decides some defaults; undefined for the main pair's. */
  readonly pair?: string | undefined;
}

/** The file is not the one any more that was looked at. The message says what to do. */
export class ChangedMeanwhile extends Error {
  override readonly name = "ChangedMeanwhile";
}

/** What a text is known again by: whether a file is still the one that somebody has looked at. */
export function digestOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

/**
 * Changes keys of the file, which must be the one of the digest `seen`: its other lines and comments stay. Returns the text
 * that the file has then.
 * Throws {@link ConfigError}, whose problems say which keys are why; {@link ChangedMeanwhile}; an Error that says why the
 * file could not be written. The file is then as it was.
 */
export function changeSettings(file: SettingsFile, changes: Changes, seen: string): Promise<string> {
  // One after the other: whoever comes second is to see what the first has written.
  const change = newest.then(() => changeNow(file, changes, seen));
  newest = change.catch(() => {});
  return change;
}

let newest: Promise<unknown> = Promise.resolve();

async function changeNow({ path, pair }: SettingsFile, changes: Changes, seen: string): Promise<string> {
  const text = readConfigFile(path);
  if (digestOf(text) !== seen) {
    throw new ChangedMeanwhile(
      `${path} has been changed by somebody else meanwhile, and stays so — look at what it has now, then do this again`,
    );
  }
  const edited = withChanges(text, changes, path, pair);
  if (edited !== text) await write(path, edited);
  return edited;
}

/** Whether this process may replace a file by itself. */
export function mayReplace(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(dirname(realpathSync(path)), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Throws an Error that says what to do. */
async function write(path: string, edited: string): Promise<void> {
  try {
    await replaceNamedFile(path, edited);
  } catch (error) {
    if (error instanceof UnsyncedError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const denied = code === "EACCES" || code === "EPERM";
    const why = denied ? "you may not write there — run this again with sudo" : message;
    throw new Error(`${path} could not be written, and is as it was: ${why}`);
  }
}
