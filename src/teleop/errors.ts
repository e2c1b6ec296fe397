/** Tells of error bits that servos report while they are being used: each once for as long as it lasts. */
import { errorMeanings } from "../arm/findings.ts";
import { JOINT_COUNT } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/read.ts";
import type { Bus } from "../feetech/bus.ts";
import { namesOfErrorBits } from "../feetech/registers.ts";
import type { Tell } from "./events.ts";

/** A bit that comes and goes is told at most this often. */
const TELL_EVERY_US = 10_000_000;

/** The error bits of one arm's servos. What was there when it was made has been told by the checks before. */
export class ErrorReports {
  readonly #bus: Bus;
  readonly #tell: Tell;
  /** By joint: the bits that were told and last. */
  readonly #told: Uint8Array;
  /** By joint and bit: when it was told last. */
  readonly #toldUs = new Float64Array(JOINT_COUNT * 8).fill(Number.NEGATIVE_INFINITY);

  constructor(bus: Bus, tell: Tell) {
    this.#bus = bus;
    this.#tell = tell;
    this.#told = Uint8Array.from(SERVO_IDS, (id) => bus.errorBytes[id]!);
  }

  /** Tells what is new. Allocates nothing while nothing is. */
  report(nowUs: number): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const bits = this.#bus.errorBytes[SERVO_IDS[joint]!]!;
      this.#told[joint]! &= bits;
      if (bits !== this.#told[joint]) this.#tellNew(joint, bits & ~this.#told[joint]!, nowUs);
    }
  }

  #tellNew(joint: number, bits: number, nowUs: number): void {
    for (let bit = 0; bit < 8; bit++) {
      const mask = 1 << bit;
      const index = joint * 8 + bit;
      if ((bits & mask) === 0 || nowUs - this.#toldUs[index]! < TELL_EVERY_US) continue;
      this.#toldUs[index] = nowUs;
      this.#told[joint]! |= mask;
      const [name] = namesOfErrorBits(mask);
      const meaning = name === undefined ? `error bit ${mask}` : errorMeanings[name];
      const message = `${this.#bus.nameOf(SERVO_IDS[joint]!)} reports ${meaning}`;
      this.#tell({ kind: "notice", severity: "warning", message });
    }
  }
}
