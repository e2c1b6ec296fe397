/** Changing keys of a configuration file: whoever asks, it is done in this way, whole or not at all. */
import { type Changes, withChanges } from "../config/changes.ts";
import { ConfigError, readConfigFile } from "../config/file.ts";
import { replaceNamedFile } from "../host/invoker.ts";
import { UnsyncedError } from "../linux/files.ts";
import { FileLock } from "../linux/lock.ts";
import { realPath } from "../linux/real-path.ts";
import { isSystemError, whyOf } from "../linux/system-error.ts";

/** A pair's configuration file. */
export interface SettingsFile {
  readonly path: string;
  /** The pair's name, which decides some defaults; undefined for the main pair's. */
  readonly pair?: string | undefined;
}

/** Another program of ours that changes the file is done within ms. */
const LOCK_WITHIN_MS = 3_000;
const TRY_EVERY_MS = 20;

/** The file is not the one any more that was looked at. The message says what to do. */
export class ChangedMeanwhile extends Error {
  override readonly name = "ChangedMeanwhile";
}

/** What a text is known again by: whether a file is still the one that somebody has looked at. */
export function digestOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

/**
 * Changes keys of the file; where `seen` is given it must be the one of that digest. Its other lines and comments stay, its
 * mode and owner too. Returns what it has then, and what it had.
 * Throws {@link ConfigError}, whose problems say which keys are why; {@link ChangedMeanwhile}; an Error that says why the
 * file could not be written. The file is then as it was.
 */
export async function changeFile(
  file: SettingsFile,
  changes: Changes,
  seen?: string,
): Promise<{ readonly before: string; readonly after: string }> {
  const lock = await lockOf(file.path);
  try {
    const before = readConfigFile(file.path);
    const after = changed(file, before, changes, seen);
    if (after !== before) await write(file.path, after);
    return { before, after };
  } finally {
    lock.release();
  }
}

/** What a file with this text has once keys are changed. Throws as {@link changeFile}. */
export function changed(
  { path, pair }: SettingsFile,
  text: string,
  changes: Changes,
  seen: string | undefined,
): string {
  // What stands for them would be written in their place.
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
  return withChanges(text, changes, path, pair);
}

/** The file's own lock: who waits for it gets that of the file which takes its place. */
async function lockOf(path: string): Promise<FileLock> {
  for (const deadlineMs = performance.now() + LOCK_WITHIN_MS; ; ) {
    const lock = FileLock.takeIfThere(realPath(path));
    if (lock instanceof FileLock) return lock;
    if (lock === undefined) readConfigFile(path); // says why it cannot be opened
    if (performance.now() > deadlineMs) throw new Error(`another program has ${path} locked — try again`);
    await Bun.sleep(TRY_EVERY_MS);
  }
}

/** Writes the file. Throws an Error that says what to do. */
export async function write(path: string, text: string): Promise<void> {
  try {
    await replaceNamedFile(path, text, 0o644);
  } catch (error) {
    if (error instanceof UnsyncedError || !isSystemError(error)) throw error;
    const isDenied = error.code === "EACCES" || error.code === "EPERM";
    const why = isDenied ? "you may not write there — run this again with sudo" : whyOf(error);
    throw new Error(`${path} could not be written, and is as it was: ${why}`);
  }
}
