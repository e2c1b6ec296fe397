/** Positions of a pair's arms as LeRobot has them: from steps, and back to what the follower is told. */
import type { PairArms } from "../api/protocol.ts";
import type { Calibration } from "../arm/calibration/calibration.ts";
import { denormalise, type NormalisationMode, normalise } from "../arm/calibration/normalisation.ts";
import { calibrationOf } from "../arm/calibration/numbers.ts";
import { JOINTS } from "../arm/joints.ts";
import { degrees, percent, STEPS_PER_TURN, steps } from "../feetech/units.ts";

/** Nothing that an SO-101 can reach is further from a joint's middle; what is, is no position. */
const FURTHEST = 360;

/** Positions of both arms, as the pair is configured and calibrated. */
export class PairPositions {
  /** The units of all positions: degrees, or percent of the calibrated range. */
  readonly units: NormalisationMode;
  readonly #leader: Calibration | undefined;
  readonly #follower: Calibration | undefined;

  constructor({ normalisation, leader, follower }: PairArms) {
    this.units = normalisation;
    this.#leader = leader.joints === null ? undefined : calibrationOf(leader.joints);
    this.#follower = follower.joints === null ? undefined : calibrationOf(follower.joints);
  }

  /** Whether the follower's calibration is known: without it there are no positions of it. */
  get knowsFollower(): boolean {
    return this.#follower !== undefined;
  }

  /** The leader's, in the joints' order; null where one of them is not known. */
  ofLeader(positions: readonly (number | null)[]): number[] | null {
    return this.#normalised(positions, this.#leader);
  }

  /** The follower's, in the joints' order; null where one of them is not known. */
  ofFollower(positions: readonly (number | null)[]): number[] | null {
    return this.#normalised(positions, this.#follower);
  }

  /** The follower's steps for positions, in the joints' order, within a turn; null where one cannot be a position. */
  toFollower(values: readonly number[]): number[] | null {
    const calibration = this.#follower;
    if (calibration === undefined || values.length !== JOINTS.length) return null;
    if (!values.every((value) => Math.abs(value) <= FURTHEST)) return null;
    return JOINTS.map((joint, index) => {
      const value = this.units === "degrees" ? degrees(values[index]!) : percent(values[index]!);
      return Math.min(
        STEPS_PER_TURN - 1,
        Math.max(0, denormalise(value, calibration[joint], joint, this.units)),
      );
    });
  }

  #normalised(positions: readonly (number | null)[], calibration: Calibration | undefined): number[] | null {
    if (calibration === undefined || positions.some((position) => position === null)) return null;
    return JOINTS.map((joint, index) =>
      Number(normalise(steps(positions[index]!), calibration[joint], joint, this.units)),
    );
  }
}
