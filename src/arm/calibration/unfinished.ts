/** What is kept beside a calibration file while it is being written to an arm, so that a crash cannot mix two. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { removeFile, replaceFile } from "../../linux/files.ts";
import { nameOfArm } from "../findings.ts";
import { JOINTS, type Role } from "../joints.ts";
import {
  type Calibration,
  CalibrationError,
  calibrationSchema,
  unreadable,
  unwritable,
} from "./calibration.ts";
import { matches, type ServoCalibration } from "./in-servos.ts";
import { makeCalibrationFolder, pathBeside } from "./tree.ts";

/** A calibration whose writing to an arm began and was not seen to end. */
export interface Unfinished {
  /** What the servos held before. */
  readonly before: ServoCalibration;
  /** What they are to hold, and the file too. */
  readonly after: Calibration;
}

/** Grows when an older program could misread what a newer one wrote. */
const VERSION = 1;

const word = v.pipe(v.number(), v.integer(), v.minValue(-0xffff), v.maxValue(0xffff));
const heldSchema = v.strictObject({ homing_offset: word, range_min: word, range_max: word });

const schema = v.strictObject({
  version: v.literal(VERSION),
  before: v.strictObject(v.entriesFromList(JOINTS, heldSchema)),
  after: calibrationSchema,
});

/** Not `.json`: programs take every such file in the folder for a calibration. */
const pathOf = (root: string, role: Role, id: string) => pathBeside(root, role, id, ".unfinished");

/**
 * What was being written to an arm when it was interrupted; undefined when nothing was.
 * Throws {@link CalibrationError} "unfinished" when something is there that this program cannot read.
 */
export function findUnfinished(root: string, role: Role, id: string): Unfinished | undefined {
  const path = pathOf(root, role, id);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const error = unreadable(path, cause);
    if (error.trouble === "missing") return undefined;
    throw error;
  }
  try {
    const { before, after } = v.parse(schema, JSON.parse(text));
    return { before, after };
  } catch (cause) {
    throw new CalibrationError(
      "unfinished",
      path,
      `${nameOfArm({ role, id })}: writing its calibration was interrupted, and ${path}, which says how to complete ` +
        "it, was left by another version of so101 or is damaged — use that version, or remove the file and run " +
        `"so101 calibrate ${role}" again`,
      { cause },
    );
  }
}

/** Keeps what is about to be written. Throws {@link CalibrationError} "unwritable". */
export function keepUnfinished(root: string, role: Role, id: string, unfinished: Unfinished): void {
  makeCalibrationFolder(root, role, id);
  const path = pathOf(root, role, id);
  try {
    replaceFile(path, JSON.stringify({ version: VERSION, ...unfinished }, null, 4));
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Forgets it: the writing is complete, or undone. Throws {@link CalibrationError} "unwritable". */
export function forgetUnfinished(root: string, role: Role, id: string): void {
  const path = pathOf(root, role, id);
  try {
    removeFile(path);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * How far an interrupted writing has come: "untouched" when every servo holds what it held before, "complete" when
 * all hold the new calibration and so does the file, else "partial".
 */
export function progressOf(
  { before, after }: Unfinished,
  images: readonly (Uint8Array | null)[],
  file: Calibration | undefined,
): "untouched" | "partial" | "complete" {
  if (images.some((image) => image === null)) return "partial";
  const fileIsNew = file !== undefined && JOINTS.every((joint) => Bun.deepEquals(file[joint], after[joint]));
  if (fileIsNew && matches(images, after)) return "complete";
  return matches(images, before) ? "untouched" : "partial";
}

/**
 * Says that writing an arm's calibration was interrupted, and what settles it; undefined when it was not.
 * For where file and servos do not agree.
 */
export function explainUnfinished(root: string, role: Role, id: string): string | undefined {
  try {
    if (findUnfinished(root, role, id) === undefined) return undefined;
  } catch (error) {
    if (error instanceof CalibrationError) return error.message;
    throw error;
  }
  return (
    `${nameOfArm({ role, id })}: writing its calibration was interrupted, and its servos may hold parts of two — complete it ` +
    `with "so101 calibration finish ${role}", or go back to the one before with "so101 calibration undo ${role}"`
  );
}
