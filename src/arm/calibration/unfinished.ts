/** What is kept beside a calibration file while it is being written to an arm, so that a crash cannot mix two. */
import * as v from "valibot";
import { steps } from "../../feetech/units.ts";
import type { ArmIdentity } from "../identity.ts";
import { JOINTS } from "../joints.ts";
import type { ServoImages } from "../servos/servo-image.ts";
import { type Calibration, calibrationSchema } from "./calibration.ts";
import { CalibrationError } from "./error.ts";
import { matches, type ServoCalibration } from "./in-servos.ts";

/** A calibration whose writing to an arm began and was not seen to end. */
export interface Unfinished {
  /** What the servos held before. */
  readonly before: ServoCalibration;
  /** What they are to hold, and the file too. */
  readonly after: Calibration;
}

/** What settles it. */
export const WAYS_OUT = [{ do: "calibration finish" }, { do: "calibration undo" }] as const;

/** Grows when an older program could misread what a newer one wrote. */
const VERSION = 1;

const word = v.pipe(v.number(), v.integer(), v.minValue(-0xffff), v.maxValue(0xffff), v.transform(steps));
const heldSchema = v.strictObject({ homing_offset: word, range_min: word, range_max: word });

const schema = v.strictObject({
  version: v.literal(VERSION),
  before: v.strictObject(v.entriesFromList(JOINTS, heldSchema)),
  after: calibrationSchema,
});

/** Reads the text of the file at `path`. Throws {@link CalibrationError} "unfinished" when this program cannot. */
export function parseUnfinished(text: string, path: string, arm: ArmIdentity): Unfinished {
  try {
    const { before, after } = v.parse(schema, JSON.parse(text));
    return { before, after };
  } catch (cause) {
    throw new CalibrationError(
      {
        code: "calibration.unfinished",
        arm: { role: arm.role, id: arm.id },
        kind: "unreadable",
        file: path,
        remedies: [{ do: "calibrate" }],
      },
      { cause },
    );
  }
}

/** The text of the file. */
export function formatUnfinished(unfinished: Unfinished): string {
  return JSON.stringify({ version: VERSION, ...unfinished }, null, 4);
}

/**
 * How far an interrupted writing has come: "untouched" when every servo holds what it held before, "complete" when
 * all hold the new calibration and so does the file, else "partial".
 */
export function progressOf(
  { before, after }: Unfinished,
  images: ServoImages,
  file: Calibration | undefined,
): "untouched" | "partial" | "complete" {
  if (images.some((image) => image === null)) return "partial";
  const fileIsNew = file !== undefined && JOINTS.every((joint) => Bun.deepEquals(file[joint], after[joint]));
  if (fileIsNew && matches(images, after)) return "complete";
  return matches(images, before) ? "untouched" : "partial";
}
