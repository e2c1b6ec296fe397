/** Whether goals are written to servos that owe an answer, on the record of what they were told. */
import { BROADCAST_ID, Instruction } from "../../feetech/packet.ts";
import { JOINTS, type JointName } from "../arm/joints.ts";

/** A servo that has not answered for so long must get no goal: it may have lost its power meanwhile. */
const OWED_BY_THE_RULE_US = 50_000;
/** What the simulated board reads is noted when it gets its processor: on a busy machine some ms after it was sent. */
const READ_LATE_US = 10_000;
const OWED_AT_MOST_US = OWED_BY_THE_RULE_US + READ_LATE_US;

/** A joint whose servo owes an answer, and since when, µs. */
export interface Owed {
  readonly joint: JointName;
  readonly sinceUs: number;
}

/** A reply on its way. */
interface Coming {
  readonly atUs: number;
  readonly joint: number;
}

/** Follows what the servos of one arm owe. */
export class OwedWatch {
  /** Since when each joint owes an answer, µs; Infinity while it does not. */
  readonly #sinceUs = new Float64Array(JOINTS.length).fill(Number.POSITIVE_INFINITY);
  /** A record may note replies before they have come. */
  #coming: Coming[] = [];
  /** What is noted at this time may have been sent so much earlier. */
  #starvedAtUs = Number.NEGATIVE_INFINITY;
  #starvedUs = 0;

  /** A request was sent to the arm. */
  request(atUs: number, packet: Uint8Array): void {
    const [, , id, , instruction] = packet;
    if (instruction === Instruction.read) this.#asked(atUs, id!);
    if (instruction !== Instruction.syncRead) return;
    for (const each of packet.subarray(7, -1)) this.#asked(atUs, each);
  }

  /** Who keeps the record got no processor for so long until now: what it notes now was sent at any time since. */
  starved(atUs: number, forUs: number): void {
    this.#starvedAtUs = atUs;
    this.#starvedUs = forUs;
  }

  /** A servo's reply reaches the host. */
  reply(atUs: number, id: number): void {
    if (JOINTS[id - 1] !== undefined) this.#coming.push({ atUs, joint: id - 1 });
  }

  /** The joints of which an answer is owed for too long when goals are sent, each with since when, µs. */
  goals(atUs: number): Owed[] {
    for (const { atUs: cameUs, joint } of this.#coming) {
      if (cameUs <= atUs) this.#sinceUs[joint] = Number.POSITIVE_INFINITY;
    }
    this.#coming = this.#coming.filter(({ atUs: cameUs }) => cameUs > atUs);
    const sentUs = atUs === this.#starvedAtUs ? atUs - this.#starvedUs : atUs;
    return JOINTS.flatMap((joint, index) => {
      const sinceUs = this.#sinceUs[index]!;
      return sentUs - sinceUs > OWED_AT_MOST_US ? [{ joint, sinceUs }] : [];
    });
  }

  #asked(atUs: number, id: number): void {
    for (let joint = 0; joint < JOINTS.length; joint++) {
      if (id === BROADCAST_ID || id === joint + 1)
        this.#sinceUs[joint] = Math.min(this.#sinceUs[joint]!, atUs);
    }
  }
}
