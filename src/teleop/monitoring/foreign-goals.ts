/** Notices goals that are not ours: those of a held follower that change although nobody here gave it any. */
import { JOINT_COUNT } from "../../arm/joints.ts";
import type { ReadRequest } from "../../feetech/requests.ts";

/** Compares each look at a follower that is not teleoperated with the one before. */
export class ForeignGoals {
  /** Each joint's goal as it was read last; −1 for a joint that was not held then. */
  readonly #read = new Int32Array(JOINT_COUNT).fill(-1);
  /** The acceleration that it had: another one now shows that the servo has lost its power between. */
  readonly #acceleration = new Int32Array(JOINT_COUNT).fill(-1);
  /** What we had given by then. */
  readonly #given = new Int32Array(JOINT_COUNT).fill(-1);

  /** Nothing is known any more of what the servos have: they were out of reach. */
  forget(): void {
    this.#read.fill(-1);
  }

  /**
   * Takes in what was read of all six servos, `torque_enable` to `present_current`, and the goals that we have given.
   * Returns true when another program has given a joint a goal: it was held before and is now, and has not lost its
   * power between; and it holds another goal than before, while we gave it none.
   */
  take(facts: ReadRequest, given: ArrayLike<number>): boolean {
    let isForeign = false;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const isHeld = facts.value(joint, "torque_enable") === 1;
      const acceleration = facts.value(joint, "acceleration");
      const keptPower = acceleration === this.#acceleration[joint];
      const goal = isHeld ? facts.value(joint, "goal_position") : -1;
      const before = this.#read[joint]!;
      const gaveNone = given[joint] === this.#given[joint];
      if (isHeld && keptPower && before !== -1 && goal !== before && gaveNone) isForeign = true;
      this.#read[joint] = goal;
      this.#acceleration[joint] = acceleration;
      this.#given[joint] = given[joint]!;
    }
    return isForeign;
  }
}
