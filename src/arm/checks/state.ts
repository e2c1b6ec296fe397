/** An arm as it was found: what its checks look at. */
import type { Calibration } from "../calibration/calibration.ts";
import { CalibrationError } from "../calibration/error.ts";
import type { CalibrationFile } from "../calibration/store.ts";
import type { ArmIdentity } from "../identity.ts";
import { JOINTS, type JointName } from "../joints.ts";
import type { ArmProblem, CalibrationUnfinished } from "../problem.ts";
import type { ServoImage, ServoImages } from "../servos/servo-image.ts";

/** What the files of an arm's calibration say. */
export interface ArmFiles {
  /** What its file holds, or why it cannot be had. */
  readonly calibration: Calibration | CalibrationError;
  /** How that file came about, where there is one. */
  readonly file?: CalibrationFile | undefined;
  /** Where writing a calibration to it was interrupted: what is said when file and servos do not agree. */
  readonly unfinished?: CalibrationUnfinished | undefined;
}

/** What an arm's servos hold, and what its calibration file says. */
export interface ArmState extends ArmIdentity, ArmFiles {
  readonly images: ServoImages;
  /** What keeps its six servos from answering as they should, as the connection to it has found. */
  readonly unreached?: ArmProblem | undefined;
  /** The error byte of each servo's last reply in the joints' order, to be reported beside its status register. */
  readonly errorBytes?: readonly number[];
}

/** A joint that answered, and what it holds. */
export interface ReadServo {
  readonly joint: JointName;
  readonly image: ServoImage;
  readonly errorByte: number;
}

/** The servos that answered. */
export function servosOf({ images, errorBytes }: Pick<ArmState, "images" | "errorBytes">): ReadServo[] {
  return JOINTS.flatMap((joint, i) => {
    const image = images[i];
    return image ? [{ joint, image, errorByte: errorBytes?.[i] ?? 0 }] : [];
  });
}

/** What an arm's file holds; undefined where it cannot be had. */
export function filedCalibration({ calibration }: Pick<ArmState, "calibration">): Calibration | undefined {
  return calibration instanceof CalibrationError ? undefined : calibration;
}
