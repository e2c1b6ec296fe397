/** An arm's calibration as its file and its servos have it, or a file alone. */
import type { CalibrationText } from "../../arm/calibration/calibration.ts";
import { CalibrationError } from "../../arm/calibration/error.ts";
import { readCalibrationText } from "../../arm/calibration/files/file.ts";
import { whyNoCalibration } from "../../arm/calibration/flaws.ts";
import { differencesOf, heldCalibration } from "../../arm/calibration/in-servos.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { readArm } from "../../arm/servos/read.ts";
import type { ServoImages } from "../../arm/servos/servo-image.ts";
import type { FiledArm } from "../../config/choose-arm.ts";
import type { Audience } from "../../messages/audience.ts";
import { sayError, sayProblem } from "../../messages/problems.ts";
import { withArm } from "../arm-session.ts";
import { Interrupted } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { readAsInvoker } from "./as-invoker.ts";
import { type ToldDifference, toldDifferences } from "./differences.ts";

/** Both, as far as they can be had. */
export interface BothCalibrations {
  /** Whose they are; undefined for a file that was named. */
  readonly arm: FiledArm | undefined;
  /** The file and what it says; undefined when it cannot be used. */
  readonly file: FileContent | undefined;
  /** What the servos hold; undefined when none answers, or none was asked. */
  readonly images: ServoImages | undefined;
  /** Where the two differ. */
  readonly differences: readonly ToldDifference[];
  /** Why one of them cannot be had, or cannot be a calibration. */
  readonly problems: readonly string[];
  /** Where a calibration was cut off while it was written, what to say of that. */
  readonly unfinished: string | undefined;
}

/** A calibration file, and the keys of it that are left out. */
export interface FileContent extends CalibrationText {
  readonly path: string;
}

/** Reads a file alone, as whoever called sudo. Throws nothing that a person can cause. */
export async function readFileAlone(path: string, { audience }: Operator): Promise<BothCalibrations> {
  const read = () => readAsInvoker(path, () => ({ path, ...readCalibrationText(path) }));
  const file = await contentOr(audience, read);
  return {
    arm: undefined,
    file: typeof file === "string" ? undefined : file,
    images: undefined,
    differences: [],
    problems: typeof file === "string" ? [file] : [],
    unfinished: undefined,
  };
}

/** Reads both, or the file alone of an arm whose port is not known; nothing is changed. Throws {@link Interrupted} alone. */
export async function readBoth(arm: FiledArm, operator: Operator): Promise<BothCalibrations> {
  const { audience } = operator;
  const calibrations = new CalibrationStore(arm.calibrationDir);
  const content = await contentOr(audience, () => calibrations.loadText(arm));
  const problems = typeof content === "string" ? [content] : [];
  const file = typeof content === "string" ? undefined : content;
  let images: ServoImages | undefined;
  try {
    images = await readServos(arm, operator);
  } catch (error) {
    if (error instanceof Interrupted && operator.signal.aborted) throw error;
    problems.push(sayError(error, audience));
  }
  const held = images && heldCalibration(images);
  const why = held && whyNoCalibration(held);
  if (why !== undefined) {
    problems.push(`${nameOfArm(arm)}: what its servos hold cannot be a calibration: ${why}`);
  }
  const unfinished = calibrations.unfinishedProblem(arm);
  return {
    arm,
    file,
    images,
    differences:
      file === undefined || images === undefined
        ? []
        : toldDifferences(differencesOf(images, file.calibration)),
    problems,
    unfinished: unfinished && sayProblem(unfinished, audience),
  };
}

/** What the servos of an arm hold; undefined where its port is not known. Throws what {@link withArm} does. */
async function readServos(arm: FiledArm, operator: Operator): Promise<ServoImages | undefined> {
  const { port } = arm;
  if (port === undefined) return undefined;
  let images: ServoImages | undefined;
  const wish = { access: "read", servos: "any", purpose: "show a calibration" } as const;
  await withArm({ ...arm, port }, wish, operator, async ({ bus, problem }) => {
    const read = readArm(bus);
    if (problem !== undefined && read.images.every((image) => image === null)) {
      throw new Error(sayProblem(problem, operator.audience));
    }
    images = read.images;
  });
  return images;
}

/** What `load` gives, or why there is no such calibration. */
async function contentOr(
  audience: Audience,
  load: () => FileContent | Promise<FileContent>,
): Promise<FileContent | string> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof CalibrationError) return sayError(error, audience);
    throw error;
  }
}
