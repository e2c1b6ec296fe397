/** LeRobot's mapping: raw positions to normalised ones and back, in LeRobot's own order of operations. */

import {
  type Degrees,
  degrees,
  type Percent,
  percent,
  STEPS_PER_TURN,
  type Steps,
  steps,
} from "../../feetech/units.ts";
import type { JointName } from "../joints.ts";
import type { Calibration, JointCalibration } from "./calibration.ts";

/**
 * How body joints are normalised: to −100…100 of their calibrated range (LeRobot's default to 0.4.3), or to degrees
 * from its middle (from 0.4.4 on). The gripper is 0…100 of its range in both.
 */
export type NormalisationMode = "range" | "degrees";

/** LeRobot spreads a turn over the highest reading, not over the number of steps. */
const HIGHEST_READING = STEPS_PER_TURN - 1;

/**
 * The normalised position that LeRobot computes for a raw one: percent in range mode and for the gripper, degrees
 * for body joints in degrees mode. Equal to LeRobot's to the last bit.
 *
 * Range modes clamp to the calibrated range and honour `drive_mode`; degrees mode does neither.
 */
export function normalise(
  raw: Steps,
  calibration: JointCalibration,
  joint: JointName,
  mode: NormalisationMode,
): Percent | Degrees {
  const { range_min: min, range_max: max, drive_mode } = calibration;
  if (joint !== "gripper" && mode === "degrees")
    return degrees(((raw - (min + max) / 2) * 360) / HIGHEST_READING);
  const bounded = Math.min(max, Math.max(min, raw));
  if (joint === "gripper") {
    const share = ((bounded - min) / (max - min)) * 100;
    return percent(drive_mode ? 100 - share : share);
  }
  const share = ((bounded - min) / (max - min)) * 200 - 100;
  return percent(drive_mode ? -share : share);
}

/**
 * The raw position that LeRobot sends for a normalised one: the inverse of {@link normalise}, truncated toward zero.
 * In the range modes it lies in the calibrated range; in degrees mode it may leave 0…4095, as LeRobot's does.
 */
export function denormalise(
  value: Percent | Degrees,
  calibration: JointCalibration,
  joint: JointName,
  mode: NormalisationMode,
): Steps {
  const { range_min: min, range_max: max, drive_mode } = calibration;
  if (joint === "gripper") {
    const share = Math.min(100, Math.max(0, drive_mode ? 100 - value : value));
    return truncate((share / 100) * (max - min) + min);
  }
  if (mode === "degrees") return truncate((value * HIGHEST_READING) / 360 + (min + max) / 2);
  const share = Math.min(100, Math.max(-100, drive_mode ? -value : value));
  return truncate(((share + 100) / 200) * (max - min) + min);
}

/** Python's `int`: toward zero, and never −0. */
function truncate(value: number): Steps {
  return steps(Math.trunc(value) + 0);
}

/**
 * For each raw position 0…4095 of the leader's joint, the goal that LeRobot sends to the follower's.
 *
 * The control loop looks its goals up here: the floating-point arithmetic, whose order decides the last step, is done
 * once and outside the loop, which stays exact and allocates nothing.
 */
export function goalTable(
  leader: Calibration,
  follower: Calibration,
  joint: JointName,
  mode: NormalisationMode,
): Int16Array {
  const goals = new Int16Array(STEPS_PER_TURN);
  for (let raw = 0; raw < STEPS_PER_TURN; raw++) {
    goals[raw] = denormalise(normalise(steps(raw), leader[joint], joint, mode), follower[joint], joint, mode);
  }
  return goals;
}
