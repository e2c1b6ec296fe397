/** The one rule by which a calibration is judged: whether it can be one, wherever it comes from. */
import { steps, stepsToDegrees } from "../../feetech/units.ts";
import { JOINTS, type JointName } from "../joints.ts";
import type { ServoCalibration, ServoKey } from "./in-servos.ts";

/**
 * A range of so many steps is the whole turn that LeRobot's calibration writes before the joints are swept, or nearly:
 * no joint between two stops goes so far (an SO-101's go 200°, its gripper 110°).
 */
export const NEVER_SWEPT_FROM = steps(3900);

/** Fewer steps than these, 15°, are the trembling of a hand, and no range. */
export const SHORTEST_RANGE = steps(170);

/** The joint that turns round and round: a whole turn is its range. */
export const ROUND_JOINT: JointName = "wrist_roll";

/** The highest reading of an encoder of 12 bits. */
const HIGHEST_STEP = 4095;

/** What keeps a joint's numbers from being a calibration. */
export interface Flaw {
  readonly joint: JointName;
  readonly flaw: "never swept" | "no range" | "upside down" | "beyond the turn";
  readonly min: number;
  readonly max: number;
}

/** What keeps numbers from being the calibration of an arm, or of some joints of it; none when they can be one. */
export function flawsOf(calibration: ServoCalibration, joints: readonly JointName[] = JOINTS): Flaw[] {
  return joints.flatMap((joint) => {
    const { range_min: min, range_max: max } = calibration[joint];
    const flaw = flawOf(joint, min, max);
    return flaw === undefined ? [] : { joint, flaw, min, max };
  });
}

/** Whether numbers are a placeholder: what servos hold as they are delivered, or after a reset. */
export function isPlaceholder(calibration: ServoCalibration): boolean {
  return JOINTS.every((joint) => isUntouched(calibration[joint]));
}

/** Whether a joint's numbers are those that a servo is delivered with, or is reset to. */
export function isUntouched({ homing_offset, range_min, range_max }: Record<ServoKey, number>): boolean {
  return homing_offset === 0 && range_min === 0 && range_max === HIGHEST_STEP;
}

/** Why numbers cannot be a calibration of an arm, or of some joints of it, as a fact; undefined when they can be one. */
export function whyNoCalibration(
  calibration: ServoCalibration,
  joints: readonly JointName[] = JOINTS,
): string | undefined {
  const flaws = flawsOf(calibration, joints);
  if (flaws.length === 0) return undefined;
  if (isPlaceholder(calibration)) {
    return "it is a placeholder, every offset 0 and every range the whole turn: nothing was calibrated";
  }
  const swept = JOINTS.length - 1;
  const neverSwept = flaws.filter(({ flaw }) => flaw === "never swept");
  const parts = flaws.filter(({ flaw }) => flaw !== "never swept").map(factOf);
  if (neverSwept.length === swept) {
    parts.unshift(
      "no joint was ever moved from end to end: the ranges are the whole turn, which is what a calibration with " +
        "LeRobot leaves that was cancelled after the middle",
    );
  } else {
    parts.unshift(...neverSwept.map(factOf));
  }
  return parts.join("; ");
}

function flawOf(joint: JointName, min: number, max: number): Flaw["flaw"] | undefined {
  if (min < 0 || max > HIGHEST_STEP) return "beyond the turn";
  if (min > max) return "upside down";
  if (max - min < SHORTEST_RANGE) return "no range";
  return joint !== ROUND_JOINT && max - min >= NEVER_SWEPT_FROM ? "never swept" : undefined;
}

function factOf({ joint, flaw, min, max }: Flaw): string {
  switch (flaw) {
    case "beyond the turn":
      return `${joint}: its range, ${min} to ${max}, is not within 0 to ${HIGHEST_STEP}`;
    case "upside down":
      return `${joint}: range_min ${min} is above range_max ${max}`;
    case "no range":
      return min === max
        ? `${joint}: range_min and range_max are both ${min}: the joint was not moved while its range was recorded`
        : `${joint}: its range, ${min} to ${max}, is ${Math.round(stepsToDegrees(steps(max - min)))}° only: the joint ` +
            "was not moved from end to end while its range was recorded";
    case "never swept":
      return (
        `${joint}: its range, ${min} to ${max}, is ${max - min === HIGHEST_STEP ? "" : "nearly "}the whole turn, which no ` +
        "joint between two stops has: it was never moved from end to end"
      );
  }
}
