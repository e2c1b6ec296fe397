/** One file that holds a calibration, wherever it is: reading it, and replacing it so that the one before is kept. */
import type { GuardedFolder, Staged } from "../../../linux/guarded/folder.ts";
import { atFile, readNamedFile } from "../../../linux/guarded/path.ts";
import { whyOf } from "../../../linux/system-error.ts";
import type { ArmIdentity } from "../../identity.ts";
import type { JointName } from "../../joints.ts";
import {
  type Calibration,
  type CalibrationText,
  calibrationOrError,
  formatCalibration,
  parseCalibration,
  parseCalibrationBytes,
} from "../calibration.ts";
import { unreadable, unwritable } from "../error.ts";

/** A real file has 900 bytes; this keeps a wrong path from filling the memory. */
export const LARGEST_FILE_BYTES = 65_536;

/** What is done, and is not as it should be. */
export interface Doubt {
  readonly kind: /** It is there, and may be gone after a loss of power. */
    | "not synced"
    /** The arm's file is written, and this one, by the other generation's name, is not. */
    | "not written"
    /** What was kept meanwhile is there still. */
    | "not removed";
  readonly file: string;
  /** As it is said behind a colon. */
  readonly why: string;
}

/** A calibration that is in its file. */
export interface Saved {
  readonly path: string;
  /** What the person must know of it; usually nothing. */
  readonly doubts: readonly Doubt[];
}

/**
 * Reads the calibration file at `path`, which a person named, and never touches it; `arm` is for the error. What of it is
 * not about `joints` need not be such as can be a calibration. Throws {@link CalibrationError}.
 */
export function readCalibration(path: string, arm?: ArmIdentity, joints?: readonly JointName[]): Calibration {
  return readCalibrationText(path, arm, joints).calibration;
}

/** Reads a calibration file as {@link readCalibration} does, and tells what of it is left out. */
export function readCalibrationText(
  path: string,
  arm?: ArmIdentity,
  joints?: readonly JointName[],
): CalibrationText {
  try {
    return parseCalibrationBytes(readNamedFile(path, LARGEST_FILE_BYTES).bytes, path, arm, joints);
  } catch (cause) {
    throw unreadable(path, cause, arm);
  }
}

/**
 * Writes the calibration file at `path`, which a person named, as LeRobot does, to the byte. What was there is kept beside
 * it, its name ending in `.old`, unless that says the same in other characters; a file that holds the same to the byte is
 * left alone. The folder must exist. Throws {@link CalibrationError}: "invalid" for a calibration that could not be read
 * again, "unwritable" when the system refuses; what was there is then untouched.
 */
export function replaceCalibration(path: string, calibration: Calibration): Saved {
  parseCalibration(formatCalibration(calibration), path);
  try {
    return atFile(path, (folder, name) => {
      commitAll(stageCalibration(folder, name, calibration));
      return { path, doubts: doubtsOf(folder, path) };
    });
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** A name under which {@link stageCalibration} keeps what it replaces. */
export function oldNameOf(name: string): string {
  return `${name}.old`;
}

/**
 * Writes to the disk what is to be a calibration's file and the one that is kept of what it replaces, without giving either
 * its name: none where it says the same already. What is no file, or no whole one, is not kept: it is never read.
 * Throws the system's error, {@link OddFileError}.
 */
export function stageCalibration(folder: GuardedFolder, name: string, calibration: Calibration): Staged[] {
  const text = formatCalibration(calibration);
  const stats = folder.look(name);
  const isKept = stats?.isFile() && stats.nlink === 1 && stats.size <= LARGEST_FILE_BYTES;
  if (!isKept) return [folder.stage(name, text)];
  const before = folder.read(name, LARGEST_FILE_BYTES);
  if (before.bytes.equals(Buffer.from(text))) return [];
  const fresh = folder.stage(name, text);
  if (saysTheSame(before.bytes, folder.pathOf(name), calibration)) return [fresh];
  try {
    // What others might not read in it they cannot read in what is kept of it.
    return [folder.stage(oldNameOf(name), before.bytes, before.stats), fresh];
  } catch (error) {
    fresh.discard();
    throw error;
  }
}

/** Reads a calibration file in a folder of a tree; `path` is for the error. Throws {@link CalibrationError}. */
export function readIn(folder: GuardedFolder, name: string, path: string): Calibration {
  try {
    return parseCalibrationBytes(folder.read(name, LARGEST_FILE_BYTES).bytes, path).calibration;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Does what comes next, and discards what is staged when that fails. Throws what it throws. */
export function orDiscard<T>(staged: readonly Staged[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    for (const one of staged) one.discard();
    throw error;
  }
}

/** Gives files their names, in order. Throws the system's error; the others are then discarded. */
export function commitAll(staged: readonly Staged[]): void {
  staged.forEach((one, index) => {
    try {
      one.commit();
    } catch (error) {
      for (const other of staged.slice(index + 1)) other.discard();
      throw error;
    }
  });
}

/** The arm's file is written: what fails now is told, and takes nothing back. */
export function commitSecond(newer: GuardedFolder, staged: readonly Staged[], file: string): Doubt[] {
  if (staged.length === 0) return [];
  try {
    commitAll(staged);
    return doubtsOf(newer, file);
  } catch (cause) {
    return [{ kind: "not written", file, why: whyOf(cause) }];
  }
}

/** Syncs a folder in which a file was written, and tells when it may not last. */
export function doubtsOf(folder: GuardedFolder, file: string): Doubt[] {
  const refused = folder.sync();
  return refused === undefined ? [] : [{ kind: "not synced", file, why: whyOf(refused) }];
}

function saysTheSame(bytes: Buffer, path: string, calibration: Calibration): boolean {
  return Bun.deepEquals(
    calibrationOrError(() => parseCalibrationBytes(bytes, path).calibration),
    calibration,
  );
}
