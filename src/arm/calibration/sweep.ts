/** Recording a joint's range while a hand moves it from end to end: the motion is unwrapped, so that no seam is missed. */
import { degrees, degreesToSteps, STEPS_PER_TURN, type Steps, steps } from "../../feetech/units.ts";
import type { JointName } from "../joints.ts";
import { NEVER_SWEPT_FROM } from "./flaws.ts";
import { shortestWay } from "./homing.ts";

/** Why a joint's range cannot be used. */
export type SweepTrouble =
  /** It was not moved, or by less than any arm's joint goes. */
  | "too little"
  /** It went through the place where its readings jump between 4095 and 0: the arm was not in the middle at first. */
  | "passed the seam"
  /** It went nearly round, which a joint between two stops cannot: its horn slips, or it has no stops. */
  | "too much"
  /** It moved further between two readings than can be told apart from moving the other way. */
  | "lost sight";

/** The joints of an SO-101 go over 200°, the gripper 110°; an arm at a wall less. */
const NEEDED = degrees(60);
const NEEDED_OF_GRIPPER = degrees(30);

/**
 * Between two readings a hand moves a joint by a few steps. Half a turn would look like half a turn the other way; no
 * joint but wrist_roll can go so far that three quarters look like one.
 */
const LARGEST_STEP = steps(STEPS_PER_TURN / 4);

/** One joint being swept. */
export class JointSweep {
  readonly joint: JointName;
  /** The lowest and the highest position so far, in steps; beyond 0…4095 when it passed the seam. */
  min: Steps;
  max: Steps;
  /** Where it is, counted on beyond 0…4095. */
  position: Steps;
  /** When it was last read, of `nowUs`. */
  seenAtUs: number;

  #lostSight = false;
  #doubtful = false;

  /** `position` is what the joint reads at first, 0…4095. */
  constructor(joint: JointName, position: Steps, atUs: number) {
    this.joint = joint;
    this.min = position;
    this.max = position;
    this.position = position;
    this.seenAtUs = atUs;
  }

  /** Takes a reading in, 0…4095. One that does not fit its neighbours is left out. */
  see(reading: Steps, atUs: number): void {
    const way = shortestWay(this.position, reading);
    this.seenAtUs = atUs;
    const isDoubtful = Math.abs(way) > LARGEST_STEP;
    if (isDoubtful && !this.#doubtful) {
      this.#doubtful = true;
      return;
    }
    this.#lostSight ||= isDoubtful;
    this.#doubtful = false;
    this.position = steps(this.position + way);
    this.min = steps(Math.min(this.min, this.position));
    this.max = steps(Math.max(this.max, this.position));
  }

  /** What keeps the range from being used; undefined when nothing does. */
  get trouble(): SweepTrouble | undefined {
    if (this.#lostSight) return "lost sight";
    if (this.min < 0 || this.max >= STEPS_PER_TURN) return "passed the seam";
    if (this.max - this.min >= NEVER_SWEPT_FROM) return "too much";
    return this.max - this.min < neededSteps(this.joint) ? "too little" : undefined;
  }
}

/** How far a joint must be moved for its range to be believed. */
export function neededSteps(joint: JointName): Steps {
  return degreesToSteps(joint === "gripper" ? NEEDED_OF_GRIPPER : NEEDED);
}
