/** Whether two arms agree: where the follower stands in a pose, and where teleoperation would have put it by its leader. */
import { type Degrees, type Steps, steps, stepsToDegrees } from "../../feetech/units.ts";
import { JOINTS, type JointName, type Role } from "../joints.ts";
import type { Calibration } from "./calibration.ts";
import { ROUND_JOINT } from "./flaws.ts";
import { shortestWay } from "./homing.ts";
import { denormalise, type NormalisationMode, normalise } from "./normalisation.ts";

/** Both arms in what a person takes for the same pose: each joint's position, in the joints' order. */
export type ArmsInPose = Readonly<Record<Role, readonly Steps[]>>;

/** From here on two joints do not agree; eyes and hands put two arms into one pose by less than this. */
export const DISAGREE_FROM_DEG = 5;

/** Two poses are two for a joint that was turned by so much: less could not tell an offset from an inversion. */
export const TURNED_FROM_DEG = 20;

/** How a joint of the two arms agrees: in which way it does not. */
export type Agreement =
  | "agrees"
  /** As far apart in one pose as in the other. */
  | "offset"
  /** The follower's turns the other way. */
  | "inverted"
  /** It turns further, or less far. */
  | "scaled"
  /** The joint was not turned, so that one pose is all there is. */
  | "not turned";

/** One joint of the two arms. */
export interface JointComparison {
  readonly joint: JointName;
  readonly agreement: Agreement;
  /** In each pose: how far the follower's stands beyond where its leader's has it, signed as positions are. */
  readonly apart: readonly [Degrees, Degrees];
  /** Whose range is smaller by so much that it explains this: it was probably not swept to both ends. */
  readonly sweptLess?: Role;
}

/** Whether a joint is too far apart in one of the poses. */
export function isApart({ apart }: JointComparison): boolean {
  return apart.some((angle) => Math.abs(angle) >= DISAGREE_FROM_DEG);
}

/** Compares the joints of two arms, by two poses. */
export function comparisonOf(
  poses: readonly [ArmsInPose, ArmsInPose],
  calibrations: Readonly<Record<Role, Calibration>>,
  mode: NormalisationMode,
): JointComparison[] {
  return JOINTS.map((joint, index) => {
    const [first, second] = poses.map((pose) => ({
      follower: pose.follower[index]!,
      target: targetOf(joint, pose.leader[index]!, calibrations, mode),
    })) as [Placed, Placed];
    const apart = [first, second].map(({ target, follower }) => way(joint, target, follower));
    const agreement = agreementOf(
      apart as [Degrees, Degrees],
      way(joint, first.target, second.target),
      way(joint, first.follower, second.follower),
    );
    // An end that was missed changes the scale by range, and moves the middle from which degrees are counted.
    const ofMissedEnd = mode === "degrees" ? "offset" : "scaled";
    const sweptLess =
      agreement === ofMissedEnd
        ? sweptLessOf(joint, Math.max(...apart.map(Math.abs)), calibrations)
        : undefined;
    return {
      joint,
      agreement,
      apart: apart as [Degrees, Degrees],
      ...(sweptLess !== undefined && { sweptLess }),
    };
  });
}

/** The joints that a person did not turn between two poses, in either arm, so far that both can be told apart. */
export function jointsNotTurned(first: ArmsInPose, second: ArmsInPose): JointName[] {
  return JOINTS.filter((joint, index) => {
    const turned = (role: Role) => Math.abs(way(joint, first[role][index]!, second[role][index]!));
    return Math.max(turned("leader"), turned("follower")) < TURNED_FROM_DEG;
  });
}

interface Placed {
  readonly follower: Steps;
  /** Where teleoperation would have put it. */
  readonly target: Steps;
}

function targetOf(
  joint: JointName,
  leader: Steps,
  calibrations: Readonly<Record<Role, Calibration>>,
  mode: NormalisationMode,
): Steps {
  const normalised = normalise(leader, calibrations.leader[joint], joint, mode);
  return denormalise(normalised, calibrations.follower[joint], joint, mode);
}

/** The way from one position of a joint to another; of the one that goes round the shorter one. */
function way(joint: JointName, from: Steps, to: Steps): Degrees {
  return stepsToDegrees(joint === ROUND_JOINT ? shortestWay(from, to) : steps(to - from));
}

function agreementOf(
  [first, second]: readonly [Degrees, Degrees],
  wanted: Degrees,
  turned: Degrees,
): Agreement {
  if (Math.max(Math.abs(wanted), Math.abs(turned)) < TURNED_FROM_DEG) return "not turned";
  const isSmall = (angle: number) => Math.abs(angle) < DISAGREE_FROM_DEG;
  if (isSmall(first) && isSmall(second)) return "agrees";
  if (!isSmall(wanted) && !isSmall(turned) && wanted * turned < 0) return "inverted";
  return isSmall(turned - wanted) ? "offset" : "scaled";
}

/** An end that was missed by so much moves a joint by as much at most. */
function sweptLessOf(
  joint: JointName,
  apart: number,
  { leader, follower }: Readonly<Record<Role, Calibration>>,
): Role | undefined {
  // The gripper's handle and its jaws go by different angles.
  if (joint === "gripper") return undefined;
  const rangeOf = (calibration: Calibration) => calibration[joint].range_max - calibration[joint].range_min;
  const more = stepsToDegrees(steps(rangeOf(leader) - rangeOf(follower)));
  if (Math.abs(more) < Math.max(DISAGREE_FROM_DEG, apart)) return undefined;
  return more > 0 ? "follower" : "leader";
}
