/** An episode's actions as positions of this follower: LeRobot's own inverse, with the follower's own calibration. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { denormalise, type NormalisationMode } from "../../arm/calibration/normalisation.ts";
import { JOINT_COUNT, JOINTS, type JointName } from "../../arm/joints.ts";
import { type Percent, type Steps, steps } from "../../feetech/units.ts";

/** A policy's actions go a little beyond the ends of the range, and LeRobot takes the ends for that; percent. */
const BEYOND_RANGE = 5;
/** A joint cannot be further from the middle of its range than a turn, degrees. */
const FURTHEST_DEGREES = 360;
/** What is less than a step beyond the range is rounding. */
const ONE_STEP = 1;

/** A value of a dataset that cannot be of the units in which it is said to be. */
export interface Misfit {
  /** From 0, in its episode. */
  readonly frame: number;
  readonly joint: JointName;
  /** Not a number, where it is none. */
  readonly value: number;
}

/** The frames in which a joint is sent where this follower's calibration does not let it go. */
export interface Unreachable {
  readonly joint: JointName;
  readonly frames: number;
  /** How far it is sent beyond the end of its range at most. */
  readonly beyond: Steps;
}

/** Where the follower is to be in each frame. */
export interface Commands {
  /** Six a frame, each within the follower's calibrated range. */
  readonly positions: Int16Array;
  readonly frames: number;
  readonly unreachable: readonly Unreachable[];
}

/**
 * The first value that cannot be of these units; undefined where all can. Actions are six a frame, in the joints' order.
 */
export function misfitOf(actions: ArrayLike<number>, units: NormalisationMode): Misfit | undefined {
  for (let index = 0; index < actions.length; index++) {
    const joint = JOINTS[index % JOINT_COUNT]!;
    const value = actions[index]!;
    if (!isOf(units, joint, value)) return { frame: Math.floor(index / JOINT_COUNT), joint, value };
  }
  return undefined;
}

function isOf(units: NormalisationMode, joint: JointName, value: number): boolean {
  if (joint === "gripper") return value >= -BEYOND_RANGE && value <= 100 + BEYOND_RANGE;
  return Math.abs(value) <= (units === "degrees" ? FURTHEST_DEGREES : 100 + BEYOND_RANGE);
}

/** The follower's positions for actions that fit the units, six a frame. LeRobot's, but no further than the calibrated range. */
export function commandsOf(
  actions: ArrayLike<number>,
  units: NormalisationMode,
  follower: Calibration,
): Commands {
  const positions = new Int16Array(actions.length);
  const beyond = new Float64Array(JOINT_COUNT);
  const counts = new Uint32Array(JOINT_COUNT);
  for (let index = 0; index < actions.length; index++) {
    const joint = index % JOINT_COUNT;
    const { range_min, range_max } = follower[JOINTS[joint]!];
    const wanted = denormalise(actions[index] as Percent, follower[JOINTS[joint]!], JOINTS[joint]!, units);
    positions[index] = Math.min(Math.max(wanted, range_min), range_max);
    const over = beyondOf(actions[index]!, wanted, follower, JOINTS[joint]!, units);
    if (over < ONE_STEP) continue;
    counts[joint]!++;
    beyond[joint] = Math.max(beyond[joint]!, over);
  }
  const unreachable = JOINTS.flatMap((joint, index) => {
    const frames = counts[index]!;
    return frames === 0 ? [] : { joint, frames, beyond: steps(Math.ceil(beyond[index]!)) };
  });
  return { positions, frames: actions.length / JOINT_COUNT, unreachable };
}

/** How far a value lies beyond the calibrated range, steps. In the range modes `wanted` has been taken back into it. */
function beyondOf(
  value: number,
  wanted: number,
  follower: Calibration,
  joint: JointName,
  units: NormalisationMode,
): number {
  const { range_min: min, range_max: max } = follower[joint];
  if (joint !== "gripper" && units === "degrees") return Math.max(min - wanted, wanted - max, 0);
  const [lowest, all] = joint === "gripper" ? [0, 100] : [-100, 200];
  return (Math.max(lowest - value, value - 100, 0) / all) * (max - min);
}
