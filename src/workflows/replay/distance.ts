/** How far the follower was from what it was told, joint by joint. */
import { JOINT_COUNT, JOINTS, type JointName } from "../../arm/joints.ts";
import { type Degrees, degrees, STEPS_PER_TURN, steps, stepsToDegrees } from "../../feetech/units.ts";

/** That of one joint, over an episode. */
export interface JointDistance {
  readonly joint: JointName;
  readonly mean: Degrees;
  readonly most: Degrees;
}

/** Sums it up. */
export class Distances {
  readonly #sums = new Float64Array(JOINT_COUNT);
  readonly #most = new Float64Array(JOINT_COUNT);
  readonly #counts = new Uint32Array(JOINT_COUNT);

  /** The follower was here when it was to be there, in steps; null where that was never read. */
  add(follower: readonly (number | null)[], told: ArrayLike<number>): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const position = follower[joint];
      if (position === null || position === undefined) continue;
      const way = Math.abs(position - told[joint]!);
      // Across the seam of a turn it is nearer.
      const distance = Math.min(way, STEPS_PER_TURN - way);
      this.#sums[joint]! += distance;
      this.#counts[joint]!++;
      this.#most[joint] = Math.max(this.#most[joint]!, distance);
    }
  }

  /** Those of the joints that were seen, in the joints' order. */
  get joints(): readonly JointDistance[] {
    return JOINTS.flatMap((joint, index) => {
      const count = this.#counts[index]!;
      if (count === 0) return [];
      const inDegrees = (value: number) => degrees(Math.round(stepsToDegrees(steps(value)) * 10) / 10);
      return { joint, mean: inDegrees(this.#sums[index]! / count), most: inDegrees(this.#most[index]!) };
    });
  }
}
