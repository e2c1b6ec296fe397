/** Whether a leader's joints can have come from where they were to where they were read. */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { degrees, degreesToSteps, STEPS_PER_TURN } from "../../feetech/units.ts";

/** No hand turns a joint faster than this, in steps/µs, … */
const FASTEST = degreesToSteps(degrees(2_000)) / 1e6;
/** … and so much more may come of noise. */
const NOISE_STEPS = degreesToSteps(degrees(3));
/** What a joint cannot have done is believed when it was read so many times in a row. */
const JUMP_BELIEVED_AFTER = 3;

/**
 * Judges readings. One damaged reading has the right checksum now and then; what is read again and again is where the
 * joint is. Nothing here allocates.
 */
export class JumpGuard {
  /** How often in a row the positions were not where a joint could have gone. */
  #jumps = 0;
  /** The joint that has jumped, once that is believed, until it is taken; −1 for none. */
  #jumped = -1;

  /** Whether positions that were read so many µs after those before are to be believed. */
  believes(read: ArrayLike<number>, before: ArrayLike<number>, passedUs: number): boolean {
    const reach = NOISE_STEPS + FASTEST * passedUs;
    let jumped = -1;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const way = Math.abs(read[joint]! - before[joint]!);
      // Across the seam of a turn it is the other way round.
      if (Math.min(way, STEPS_PER_TURN - way) > reach) jumped = joint;
    }
    if (jumped === -1) this.#jumps = 0;
    else if (++this.#jumps < JUMP_BELIEVED_AFTER) return false;
    else this.#jumped = jumped;
    return true;
  }

  /** Takes the joint that has jumped; −1 for none. */
  take(): number {
    const joint = this.#jumped;
    this.#jumped = -1;
    return joint;
  }
}
