/** Finding out which of several arms a person moves. */

import { degrees, degreesToSteps, type Steps, steps } from "../feetech/units.ts";
import { JointSweep } from "./calibration/sweep.ts";
import { JOINTS, type JointName } from "./joints.ts";
import { isPosition } from "./servos/read.ts";

/** A joint that was turned by so much was moved on purpose, unless somebody says otherwise: tables are pushed, and arms without torque sag. */
const MOVED_DEG = 15;

/** The arm that is moved goes so much further than any other. */
const TIMES_FURTHER = 2;

/** Nobody asks when a joint was seen last. */
const NO_TIME = 0;

/** The arm that is moved. */
export interface Moved<Arm> {
  readonly arm: Arm;
  /** The joint that went furthest. */
  readonly joint: JointName;
}

/** Watches the positions of any number of arms, known by whatever the caller knows them by. */
export class MotionDetector<Arm> {
  readonly #arms = new Map<Arm, (JointSweep | undefined)[]>();
  readonly #movedDeg: number;

  /** An arm of which a joint was turned by so much was moved. */
  constructor(movedDeg = MOVED_DEG) {
    this.#movedDeg = movedDeg;
  }

  /**
   * Takes in what the joints of an arm read, in their order; undefined where there was no answer. What is no position,
   * and what does not fit its neighbours, does not count.
   */
  see(arm: Arm, positions: readonly (Steps | undefined)[]): void {
    const joints = this.#arms.get(arm) ?? JOINTS.map(() => undefined);
    this.#arms.set(arm, joints);
    for (const [index, joint] of JOINTS.entries()) {
      const position = positions[index];
      if (position === undefined || !isPosition(position)) continue;
      const sweep = joints[index];
      if (sweep === undefined) joints[index] = new JointSweep(joint, position, NO_TIME);
      else sweep.see(position, NO_TIME);
    }
  }

  /** Forgets an arm that went away: where it comes back it may stand elsewhere. */
  forget(arm: Arm): void {
    this.#arms.delete(arm);
  }

  /** The arm that was clearly moved, further than any other; undefined while there is none. */
  get moved(): Moved<Arm> | undefined {
    const [first, second] = [...this.#arms]
      .map(([arm, joints]) => ({ arm, furthest: furthestOf(joints) }))
      .sort((a, b) => travelOf(b.furthest) - travelOf(a.furthest));
    const travel = travelOf(first?.furthest);
    if (
      travel < degreesToSteps(degrees(this.#movedDeg)) ||
      travel < TIMES_FURTHER * travelOf(second?.furthest)
    )
      return undefined;
    return { arm: first!.arm, joint: first!.furthest!.joint };
  }
}

function furthestOf(joints: readonly (JointSweep | undefined)[]): JointSweep | undefined {
  return joints.reduce((a, b) => (travelOf(b) > travelOf(a) ? b : a), undefined);
}

function travelOf(sweep: JointSweep | undefined): Steps {
  return steps(sweep === undefined ? 0 : sweep.max - sweep.min);
}
