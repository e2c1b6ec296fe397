/** An arm's calibration in LeRobot's form: its type, what makes one possible, and its text. */
import * as v from "valibot";
import { type Steps, steps } from "../../feetech/units.ts";
import { visible } from "../../linux/text/visible.ts";
import type { ArmIdentity } from "../identity.ts";
import { idOf, JOINTS, type JointName } from "../joints.ts";
import type { Remedy } from "../remedy.ts";
import { CALIBRATE, CalibrationError, invalid, PULL, RESTORE } from "./error.ts";
import { flawsOf, whyNoCalibration } from "./flaws.ts";
import { isUtf16, ofAnotherKind, UTF_16 } from "./other-files.ts";

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

const wholeSteps = (from: number, to: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(from), v.maxValue(to), v.transform(steps));

/** Python writes a bool as JSON's, and draccus takes one for the number. */
const driveMode = v.pipe(
  v.union([v.picklist([0, 1]), v.boolean()]),
  v.transform((value): 0 | 1 => (value ? 1 : 0)),
);

const jointSchema = <Joint extends JointName>(joint: Joint) =>
  v.object({
    id: v.literal(idOf(joint)),
    drive_mode: driveMode,
    homing_offset: wholeSteps(-LARGEST_OFFSET, LARGEST_OFFSET),
    range_min: wholeSteps(0, HIGHEST_STEP),
    range_max: wholeSteps(0, HIGHEST_STEP),
  });

/** A calibration's keys and the bounds of their numbers; whether it can be one is for {@link whyNoCalibration}. */
export const calibrationSchema = v.object({
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

/** What a file's text holds. */
export interface CalibrationText {
  readonly calibration: Calibration;
  /** Keys that are no calibration's, each once: they are left out. */
  readonly leftOut: readonly string[];
}

/**
 * Reads a calibration out of a file's text; `path` and `arm`, where it is known whose it is, are for the error.
 * Throws {@link CalibrationError} "invalid" and nothing else, whatever the text.
 */
export function parseCalibration(text: string, path: string, arm?: ArmIdentity): Calibration {
  return parseCalibrationText(text, path, arm).calibration;
}

/**
 * Reads a calibration out of a file's bytes, and tells what of it is left out. What is not about `joints` need not be such
 * as can be a calibration. Throws as {@link parseCalibration}.
 */
export function parseCalibrationBytes(
  bytes: Buffer,
  path: string,
  arm?: ArmIdentity,
  joints?: readonly JointName[],
): CalibrationText {
  if (isUtf16(bytes)) throw invalid(path, UTF_16.what, UTF_16.remedies, arm);
  return parseCalibrationText(bytes.toString("utf8"), path, arm, joints);
}

function parseCalibrationText(
  text: string,
  path: string,
  arm?: ArmIdentity,
  joints?: readonly JointName[],
): CalibrationText {
  const refuse = (what: string, remedies: readonly Remedy[], options?: ErrorOptions): never => {
    throw invalid(path, what, remedies, arm, options);
  };
  const json = text.replace(/^\uFEFF/, ""); // the mark that Windows' editors put before UTF-8
  if (json.trim() === "") refuse("the file is empty", [RESTORE, PULL]);
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch (cause) {
    refuse(`not JSON (${visible((cause as Error).message)})`, [RESTORE, PULL], { cause });
  }
  const others = ofAnotherKind(content);
  if (others !== undefined) refuse(others.what, others.remedies);
  const result = v.safeParse(calibrationSchema, content);
  if (!result.success) return refuse(problemsOf(result.issues, content), [CALIBRATE, PULL]);
  const calibration = result.output;
  refuseFlawed(path, calibration, arm, joints);
  return { calibration, leftOut: unknownKeys(content as object) };
}

/**
 * Throws {@link CalibrationError} "invalid" for numbers that cannot be a calibration, of the whole arm or of `joints`;
 * `path` and `arm` are for the error.
 */
export function refuseFlawed(
  path: string,
  calibration: Calibration,
  arm?: ArmIdentity,
  joints: readonly JointName[] = JOINTS,
): void {
  const why = whyNoCalibration(calibration, joints);
  if (why === undefined) return;
  const [flawed, ...others] = flawsOf(calibration, joints).map(({ joint }) => joint);
  const again: Remedy = others.length > 0 ? CALIBRATE : { do: "calibrate joint", joint: flawed! };
  throw invalid(path, `it cannot be a calibration: ${why}`, [again, PULL], arm);
}

function problemsOf(issues: readonly v.InferIssue<typeof calibrationSchema>[], content: unknown): string {
  const missing: string[] = [];
  const problems: string[] = [];
  for (const issue of issues) {
    const [joint, key] = (issue.path ?? []).map((item) => String(item.key)) as [JointName?, string?];
    if (joint === undefined) return "not an object with the arm's six joints";
    if (key !== undefined) problems.push(`${joint} ${problemOf(key, issue.input, joint)}`);
    else if (issue.input === undefined) missing.push(joint);
    else problems.push(`${joint} is not an object`);
  }
  if (missing.length > 0) {
    const strangers = Object.keys(content as object).filter((key) => !isJoint(key));
    problems.push(...strangers.map((key) => `${JSON.stringify(key)} is no joint of an SO-101 arm`));
    problems.push(`nothing for ${missing.join(", ")}`);
  }
  return problems.join("; ");
}

function problemOf(key: string, is: unknown, joint: JointName): string {
  if (is === undefined) return `has no ${key}`;
  return `has ${key} ${brief(is)}, which must be ${allowed[key]!(joint)}`;
}

/** The keys of a calibration that has all it needs which are none of its own, each once. */
function unknownKeys(content: object): string[] {
  const ofJoints = JOINTS.flatMap((joint) => Object.keys((content as Record<JointName, object>)[joint]));
  const strangers = [
    ...Object.keys(content).filter((key) => !isJoint(key)),
    ...ofJoints.filter((key) => !Object.hasOwn(allowed, key)),
  ];
  return [...new Set(strangers)];
}

function isJoint(key: string): boolean {
  return (JOINTS as readonly string[]).includes(key);
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

/** What `load` gives, or the {@link CalibrationError} that it throws. */
export function calibrationOrError(load: () => Calibration): Calibration | CalibrationError {
  try {
    return load();
  } catch (error) {
    if (error instanceof CalibrationError) return error;
    throw error;
  }
}
