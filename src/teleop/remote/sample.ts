/**
 * A leader's sample as it travels: 36 bytes, little-endian, the same from the leader's control loop through the broker to
 * the follower's. Fields are never moved: another version is another number in the first byte.
 *
 * | at | type | what |
 * |---|---|---|
 * | 0 | u8 | version, 1 |
 * | 1 | u8 | kind, 1: a sample |
 * | 2 | u16 | 0 |
 * | 4 | u32 | sequence: one more for each sample, from 0 at 2³² on again |
 * | 8 | u64 | epoch: random, another one whenever the leader was connected anew |
 * | 16 | f64 | when the leader was read, µs of its machine's CLOCK_MONOTONIC |
 * | 24 | 6 × i16 | positions in steps, in the joints' order |
 */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { isPosition } from "../../arm/servos/read.ts";

/** The version that this program sends, and the only one that it takes. */
export const SAMPLE_VERSION = 1;
const KIND_SAMPLE = 1;

const SEQUENCE_AT = 4;
const EPOCH_AT = 8;
const TIME_AT = 16;
const POSITIONS_AT = 24;
/** How long a sample is. */
export const SAMPLE_BYTES = POSITIONS_AT + 2 * JOINT_COUNT;

/** Named access to a sample in `bytes`, which may be filled anew again and again. Nothing here allocates after it is made. */
export class SampleView {
  readonly #data: DataView;

  constructor(bytes: Uint8Array) {
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** What bytes that came, so many, are; only of a sample is anything else here true. */
  kindOf(length: number): "sample" | "other version" | "rubbish" {
    if (length < 2) return "rubbish";
    if (this.#data.getUint8(0) !== SAMPLE_VERSION) return "other version";
    return length === SAMPLE_BYTES && this.#data.getUint8(1) === KIND_SAMPLE && this.#isPossible()
      ? "sample"
      : "rubbish";
  }

  get sequence(): number {
    return this.#data.getUint32(SEQUENCE_AT, true);
  }

  /** Whether it is of the epoch with these two halves. */
  isOfEpoch(low: number, high: number): boolean {
    return this.#data.getUint32(EPOCH_AT, true) === low && this.#data.getUint32(EPOCH_AT + 4, true) === high;
  }

  /** The epoch as it is written, 16 hexadecimal digits. Allocates. */
  get epoch(): string {
    return this.#data.getBigUint64(EPOCH_AT, true).toString(16).padStart(16, "0");
  }

  /** When the leader was read, µs of its machine's clock. */
  get sentUs(): number {
    return this.#data.getFloat64(TIME_AT, true);
  }

  /** The position of a joint, in steps. */
  position(joint: number): number {
    return this.#data.getInt16(POSITIONS_AT + 2 * joint, true);
  }

  /** Writes a sample. */
  write(sequence: number, low: number, high: number, sentUs: number, positions: ArrayLike<number>): void {
    const data = this.#data;
    data.setUint8(0, SAMPLE_VERSION);
    data.setUint8(1, KIND_SAMPLE);
    data.setUint16(2, 0, true);
    data.setUint32(SEQUENCE_AT, sequence, true);
    data.setUint32(EPOCH_AT, low, true);
    data.setUint32(EPOCH_AT + 4, high, true);
    data.setFloat64(TIME_AT, sentUs, true);
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      data.setInt16(POSITIONS_AT + 2 * joint, positions[joint]!, true);
    }
  }

  #isPossible(): boolean {
    const { sentUs } = this;
    if (!(sentUs >= 0 && sentUs < Number.MAX_SAFE_INTEGER)) return false;
    for (let joint = 0; joint < JOINT_COUNT; joint++) if (!isPosition(this.position(joint))) return false;
    return true;
  }
}

/** The two halves of an epoch as it is written, 16 hexadecimal digits. */
export function epochHalves(epoch: string): { readonly low: number; readonly high: number } {
  return { low: Number.parseInt(epoch.slice(8), 16), high: Number.parseInt(epoch.slice(0, 8), 16) };
}

/** Whether a sequence number comes after another, also where they begin at 0 again. Both are whole, below 2³². */
export function isNewer(sequence: number, than: number): boolean {
  return ((sequence - than) | 0) > 0;
}
