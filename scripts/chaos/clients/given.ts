/** What clients have given the follower as targets, and when they drove: by that the record is judged. */
import type { Calibration } from "../../../src/arm/calibration/calibration.ts";
import { JOINTS } from "../../../src/arm/joints.ts";
import { nowUs } from "../../../src/linux/clock.ts";
import type { SafetyCheck } from "../../../src/sim/testing/safety.ts";

/** A client says that it drives when it has read that: so much earlier it may have driven, and so much later still. */
const AROUND_US = 1_000_000;

/** Notes it, in the order in which it happens. */
export class GivenTargets {
  readonly #follower: Calibration;
  readonly #targets: { readonly atUs: number; readonly positions: Int16Array }[] = [];
  readonly #drives: { readonly atUs: number; readonly isClient: boolean }[] = [];
  readonly #alignments: number[] = [];
  #at = 0;
  #alignedAt = 0;

  constructor(follower: Calibration) {
    this.#follower = follower;
  }

  /** A client sends these positions, in steps; no goal leaves the calibrated range. */
  note(positions: readonly number[]): void {
    const within = JOINTS.map((joint, index) => {
      const { range_min, range_max } = this.#follower[joint];
      return Math.min(Math.max(positions[index]!, range_min), range_max);
    });
    this.#targets.push({ atUs: nowUs(), positions: Int16Array.from(within) });
  }

  /** A client drives, or none does. */
  driven(isClient: boolean): void {
    if (this.#drives.at(-1)?.isClient !== isClient) this.#drives.push({ atUs: nowUs(), isClient });
  }

  /** The follower has begun to align with a client that moves more slowly than that. */
  aligning(): void {
    this.#alignments.push(nowUs());
  }

  /** Tells a check of the record what had been given by a time of the record, which never goes back. */
  tell(check: SafetyCheck, untilUs: number): void {
    for (; this.#targets[this.#at] !== undefined && this.#targets[this.#at]!.atUs <= untilUs; this.#at++) {
      const { atUs, positions } = this.#targets[this.#at]!;
      check.given(atUs, positions);
    }
    for (; (this.#alignments[this.#alignedAt] ?? Number.POSITIVE_INFINITY) <= untilUs; this.#alignedAt++) {
      check.aligns();
    }
    check.isLed = !this.#isClientAllAround(untilUs);
  }

  /** Whether a client drove for so long before, and goes on for so long. */
  #isClientAllAround(us: number): boolean {
    const last = this.#drives.findLast(({ atUs }) => atUs <= us - AROUND_US);
    const changes = this.#drives.some(({ atUs }) => atUs > us - AROUND_US && atUs <= us + AROUND_US);
    return last?.isClient === true && !changes;
  }
}
