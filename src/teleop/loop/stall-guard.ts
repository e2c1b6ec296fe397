/** The stall guard: a joint that presses against something with much current, and for long, presses less and less. */
import { GRIPPER, JOINT_COUNT } from "../../arm/joints.ts";
import { degrees, degreesToSteps } from "../../feetech/units.ts";

/** When a joint counts as stalled. */
export interface StallLimits {
  /** It draws more than so much, mA; 0 is never. */
  readonly currentMa: number;
  /** It has done so, unmoved, for so long. */
  readonly afterS: number;
}

/** What a gripper presses against it holds: that must not get loose. */
const UNMOVED_STEPS = 12; // 1°
/** How fast it presses less, … */
const EASING_STEPS_PER_S = degreesToSteps(degrees(2));
/** … and how much it goes on to press. */
const LEAST_LEAD_STEPS = degreesToSteps(degrees(5));

/** Watches the joints of one follower. Nothing here allocates. */
export class StallGuard {
  readonly #limits: StallLimits;
  /** By joint: since when it draws too much; 0 when it does not. */
  readonly #sinceUs = new Float64Array(JOINT_COUNT);
  /** Where it was then. */
  readonly #at = new Int32Array(JOINT_COUNT);

  constructor(limits: StallLimits) {
    this.#limits = limits;
  }

  /**
   * Takes in where a joint that is obstructed was read, in steps, and its current, in mA; by how many steps its goal may
   * lead it, of `most`. A joint that eases draws less for it, and eases on.
   */
  leadOf(joint: number, position: number, currentMa: number, nowUs: number, most: number): number {
    if (this.#limits.currentMa === 0 || joint === GRIPPER) return most;
    const stalledForUs = nowUs - this.#sinceUs[joint]! - this.#limits.afterS * 1e6;
    const isOver = currentMa > this.#limits.currentMa;
    const moved = Math.abs(position - this.#at[joint]!) >= UNMOVED_STEPS;
    if (this.#sinceUs[joint] === 0 || moved || (stalledForUs < 0 && !isOver)) {
      this.#sinceUs[joint] = isOver ? nowUs : 0;
      this.#at[joint] = position;
      return most;
    }
    const eased = (EASING_STEPS_PER_S * Math.max(stalledForUs, 0)) / 1e6;
    return Math.max(most - Math.floor(eased), Math.ceil(LEAST_LEAD_STEPS));
  }

  /** A joint is stopped by nothing. */
  forget(joint: number): void {
    this.#sinceUs[joint] = 0;
  }
}
