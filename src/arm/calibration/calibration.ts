/** An arm's calibration in LeRobot's form: its type, what makes one possible, and its file. */
import { readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import * as v from "valibot";
import { type Steps, steps } from "../../feetech/units.ts";
import { replaceFile } from "../../linux/files.ts";
import type { ArmIdentity } from "../identity.ts";
import { idOf, JOINTS, type JointName } from "../joints.ts";
import type { Remedy } from "../problem.ts";
import { CALIBRATE, CalibrationError, invalid, PULL, RESTORE, unreadable, unwritable } from "./error.ts";

/** One joint's calibration, with LeRobot's keys. */
export interface JointCalibration {
  /** The id of the joint's servo. */
  readonly id: number;
  /** 1: the joint counts the other way round; honoured in the range modes. */
  readonly drive_mode: 0 | 1;
  /** ±2047: what the servo takes off its encoder's reading, so that mid-range reads 2047. */
  readonly homing_offset: Steps;
  /** The lowest position of the joint's range, 0…4094. */
  readonly range_min: Steps;
  /** The highest, above `range_min`, to 4095. */
  readonly range_max: Steps;
}

/** An arm's calibration: that of each joint. */
export type Calibration = Readonly<Record<JointName, JointCalibration>>;

/** The registers' own bounds: 12 bits of encoder, 11 bits and a sign of offset. */
const HIGHEST_STEP = 4095;
const LARGEST_OFFSET = 2047;

/** A real file has 900 bytes; this keeps a wrong path from filling the memory. */
const LARGEST_FILE_BYTES = 65_536;

const wholeSteps = (from: number, to: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(from), v.maxValue(to), v.transform(steps));

const jointSchema = <Joint extends JointName>(joint: Joint) =>
  v.pipe(
    v.strictObject({
      id: v.literal(idOf(joint)),
      drive_mode: v.picklist([0, 1]),
      homing_offset: wholeSteps(-LARGEST_OFFSET, LARGEST_OFFSET),
      range_min: wholeSteps(0, HIGHEST_STEP),
      range_max: wholeSteps(0, HIGHEST_STEP),
    }),
    v.check(
      ({ range_min, range_max }) => range_min < range_max,
      ({ input: { range_min, range_max } }) =>
        range_min === range_max
          ? `range_min and range_max are both ${range_min}: the joint was not moved while its range was recorded`
          : `range_min ${range_min} is above range_max ${range_max}`,
    ),
  );

/** What a calibration must be. */
export const calibrationSchema = v.strictObject({
  shoulder_pan: jointSchema("shoulder_pan"),
  shoulder_lift: jointSchema("shoulder_lift"),
  elbow_flex: jointSchema("elbow_flex"),
  wrist_flex: jointSchema("wrist_flex"),
  wrist_roll: jointSchema("wrist_roll"),
  gripper: jointSchema("gripper"),
});

const allowed: Readonly<Record<string, (joint: JointName) => string>> = {
  id: (joint) => `${idOf(joint)}`,
  drive_mode: () => "0 or 1",
  homing_offset: () => `a whole number from -${LARGEST_OFFSET} to ${LARGEST_OFFSET}`,
  range_min: () => `a whole number from 0 to ${HIGHEST_STEP}`,
  range_max: () => `a whole number from 0 to ${HIGHEST_STEP}`,
};

/**
 * Reads a calibration out of a file's text; `path` and `arm`, where it is known whose it is, are for the error.
 * Throws {@link CalibrationError} "invalid" and nothing else, whatever the text.
 */
export function parseCalibration(text: string, path: string, arm?: ArmIdentity): Calibration {
  const refuse = (what: string, remedies: readonly Remedy[], options?: ErrorOptions): never => {
    throw invalid(path, what, remedies, arm, options);
  };
  if (text.trim() === "") refuse("the file is empty", [RESTORE, PULL]);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    refuse(`not JSON (${(cause as Error).message})`, [RESTORE, PULL], { cause });
  }
  if (isOldFormat(content)) {
    refuse("LeRobot's format from before June 2025, which this program and today's LeRobot cannot use", [
      CALIBRATE,
    ]);
  }
  const result = v.safeParse(calibrationSchema, content);
  if (result.success) return result.output;
  return refuse(problemsOf(result.issues), [CALIBRATE, PULL]);
}

/** The old files hold one array a quantity, not one object a joint. */
function isOldFormat(content: unknown): boolean {
  if (typeof content !== "object" || content === null) return false;
  const old = content as Record<string, unknown>;
  return ["homing_offset", "drive_mode", "start_pos"].some((key) => Array.isArray(old[key]));
}

function problemsOf(issues: readonly v.InferIssue<typeof calibrationSchema>[]): string {
  const missing: string[] = [];
  const problems: string[] = [];
  for (const issue of issues) {
    const [joint, key] = (issue.path ?? []).map((item) => String(item.key)) as [JointName?, string?];
    if (joint === undefined) return "not an object with the arm's six joints";
    if (!JOINTS.includes(joint)) problems.push(`${JSON.stringify(joint)} is no joint of an SO-101 arm`);
    else if (key !== undefined) problems.push(`${joint} ${problemOf(key, issue.input, joint)}`);
    else if (issue.type === "check") problems.push(`${joint}: ${issue.message}`);
    else if (issue.input === undefined) missing.push(joint);
    else problems.push(`${joint} is not an object`);
  }
  if (missing.length > 0) problems.push(`nothing for ${missing.join(", ")}`);
  return problems.join("; ");
}

function problemOf(key: string, is: unknown, joint: JointName): string {
  const must = Object.hasOwn(allowed, key) ? allowed[key] : undefined;
  if (must === undefined) return `has an unknown key ${JSON.stringify(key)}`;
  if (is === undefined) return `has no ${key}`;
  return `has ${key} ${brief(is)}, which must be ${must(joint)}`;
}

function brief(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value).slice(0, 60);
  return Array.isArray(value) ? "[…]" : "{…}";
}

/** A calibration as the text of LeRobot's file, to the byte: Python's `json.dump(…, indent=4)`. */
export function formatCalibration(calibration: Calibration): string {
  const ordered = JOINTS.map((joint) => {
    const { id, drive_mode, homing_offset, range_min, range_max } = calibration[joint];
    return [joint, { id, drive_mode, homing_offset, range_min, range_max }];
  });
  return JSON.stringify(Object.fromEntries(ordered), null, 4);
}

/** Reads the calibration file at `path`, and never touches it; `arm` as above. Throws {@link CalibrationError}. */
export function readCalibration(path: string, arm?: ArmIdentity): Calibration {
  return parseCalibration(readSmallFile(path, arm), path, arm);
}

function readSmallFile(path: string, arm: ArmIdentity | undefined): string {
  let stats: Stats;
  try {
    stats = statSync(path);
    if (stats.isFile() && stats.size <= LARGEST_FILE_BYTES) return readFileSync(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause, arm);
  }
  const what = stats.isFile() ? `its ${stats.size} bytes are no calibration` : "not a file";
  throw invalid(path, what, [PULL], arm);
}

/** What `load` gives, or the {@link CalibrationError} that it throws. */
export function calibrationOrError(load: () => Calibration): Calibration | CalibrationError {
  try {
    return load();
  } catch (error) {
    if (error instanceof CalibrationError) return error;
    throw error;
  }
}

/** Whether there is anything at the path of a calibration. Throws {@link CalibrationError} "unreadable". */
export function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (cause) {
    const error = unreadable(path, cause);
    if (error.trouble === "missing") return false;
    throw error;
  }
}

/**
 * Writes a calibration file as LeRobot does, to the byte, by {@link replaceFile}.
 *
 * The folder must exist. Throws {@link CalibrationError}: "invalid" for a calibration that could not be read again,
 * "unwritable" when the system refuses; what was there is then untouched.
 */
export function writeCalibration(path: string, calibration: Calibration): void {
  const text = formatCalibration(calibration);
  parseCalibration(text, path);
  try {
    replaceFile(path, text);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * Writes a calibration file, and keeps what was there beside it, its name ending in `.old`. A file that holds the same
 * already is left alone. Throws as {@link writeCalibration}.
 */
export function replaceCalibration(path: string, calibration: Calibration): void {
  const text = formatCalibration(calibration);
  if (isThere(path)) {
    let before: string;
    try {
      before = readFileSync(path, "utf8");
    } catch (cause) {
      throw unreadable(path, cause);
    }
    if (before === text) return;
    try {
      replaceFile(`${realpathSync(path)}.old`, before);
    } catch (cause) {
      throw unwritable(`${path}.old`, cause);
    }
  }
  writeCalibration(path, calibration);
}
