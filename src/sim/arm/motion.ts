/** What a hand does with an arm: nothing, waving, calibrating it, or the keyframes of a file. Positions are steps. */
import * as v from "valibot";
import { degrees, degreesToSteps } from "../../feetech/units.ts";
import { JOINTS, type JointName } from "./joints.ts";

/** Where a hand wants each joint; a joint that it leaves alone is missing. */
export type Pose = Partial<Record<JointName, number>>;

/** Where the hand wants each joint at a time since the motion began. */
export type Motion = (seconds: number) => Pose;

/** What a motion's positions are: what the servos read, or where in the mechanical range, 0 to 1. */
export interface Play {
  readonly motion: Motion;
  readonly of: "readings" | "mechanical range";
}

/** The range of a joint that a motion may use, steps. */
export interface Range {
  min: number;
  max: number;
}

/**
 * The motions that have a name. A hand brings every joint to the middle of its mechanical range, or moves all but
 * wrist_roll from the middle to both ends and back.
 */
export const motionNameSchema = v.picklist(["still", "wave", "middle", "sweep"]);

/** A motion as a request or an option names it. */
export const motionSchema = v.union([
  motionNameSchema,
  v.strictObject({
    keyframes: v.pipe(
      v.array(
        v.strictObject({
          atS: v.pipe(v.number(), v.minValue(0)),
          positions: v.strictObject(
            v.entriesFromList(JOINTS, v.optional(v.pipe(v.number(), v.minValue(-8192), v.maxValue(8192)))),
          ),
        }),
      ),
      v.minLength(1),
      v.check(
        (frames) => frames.every((frame, i) => i === 0 || frame.atS > frames[i - 1]!.atS),
        "keyframes must be in the order of their times",
      ),
    ),
    /** `smooth` comes to rest at each keyframe. */
    between: v.optional(v.picklist(["linear", "smooth"]), "smooth"),
  }),
]);

/** A motion, by name or by its keyframes. */
export type MotionPlan = v.InferOutput<typeof motionSchema>;

/** A second: no joint of a wave is faster. The speed of a brisk hand is below 200 °/s. */
const WAVE_PEAK_DEG_PER_S = degrees(150);
const WAVE_SHARE_OF_RANGE = 0.7;
/** Hz, different for each joint, so that the pose never repeats soon. */
const WAVE_HZ = [0.11, 0.13, 0.17, 0.19, 0.07, 0.23] as const;

/** Makes a motion of its plan; `still` is undefined. */
export function motionOf(plan: MotionPlan, ranges: readonly Range[]): Play | undefined {
  switch (plan) {
    case "still":
      return undefined;
    case "wave":
      return { motion: wave(ranges), of: "readings" };
    case "middle":
      return { motion: () => poseAt(0.5, JOINTS), of: "mechanical range" };
    case "sweep":
      return { motion: (seconds) => poseAt(sweep(seconds), SWEPT), of: "mechanical range" };
    default:
      return { motion: keyframes(plan.keyframes, plan.between), of: "readings" };
  }
}

/** wrist_roll goes round and round: nobody sweeps it. */
const SWEPT = JOINTS.filter((joint) => joint !== "wrist_roll");

function poseAt(share: number, joints: readonly JointName[]): Pose {
  return Object.fromEntries(joints.map((joint) => [joint, share]));
}

/** Once from the middle to the lower end, to the upper end and back, with a rest at each. */
const SWEEP: readonly (readonly [atS: number, share: number])[] = [
  [0.5, 0.5],
  [1.7, 0],
  [2, 0],
  [4.4, 1],
  [4.7, 1],
  [5.9, 0.5],
];

function sweep(seconds: number): number {
  const next = SWEEP.findIndex(([atS]) => atS > seconds);
  if (next <= 0) return SWEEP.at(next)![1];
  const [[fromS, from], [toS, to]] = [SWEEP[next - 1]!, SWEEP[next]!];
  const share = (seconds - fromS) / (toS - fromS);
  return from + (to - from) * share * share * (3 - 2 * share);
}

function wave(ranges: readonly Range[]): Motion {
  return (seconds) => {
    const positions: Pose = {};
    for (const [i, joint] of JOINTS.entries()) {
      const { min, max } = ranges[i]!;
      const omega = 2 * Math.PI * WAVE_HZ[i]!;
      const reach = Math.min(
        ((max - min) / 2) * WAVE_SHARE_OF_RANGE,
        degreesToSteps(WAVE_PEAK_DEG_PER_S) / omega,
      );
      positions[joint] = (min + max) / 2 + reach * Math.sin(omega * seconds + i);
    }
    return positions;
  };
}

type Keyframe = Extract<MotionPlan, { keyframes: unknown }>["keyframes"][number];

function keyframes(frames: readonly Keyframe[], between: "linear" | "smooth"): Motion {
  const length = frames.at(-1)!.atS;
  const tracks = JOINTS.map((joint) => frames.filter((frame) => frame.positions[joint] !== undefined));
  return (seconds) => {
    const at = length === 0 ? 0 : seconds % length;
    const positions: Pose = {};
    for (const [i, joint] of JOINTS.entries()) {
      const track = tracks[i]!;
      if (track.length === 0) continue;
      const next = track.findIndex((frame) => frame.atS > at);
      const to = track[next === -1 ? track.length - 1 : next]!;
      const from = track[next === -1 ? track.length - 1 : Math.max(next - 1, 0)]!;
      const share = to.atS === from.atS ? 0 : (at - from.atS) / (to.atS - from.atS);
      const eased = between === "smooth" ? share * share * (3 - 2 * share) : share;
      positions[joint] = from.positions[joint]! + (to.positions[joint]! - from.positions[joint]!) * eased;
    }
    return positions;
  };
}
