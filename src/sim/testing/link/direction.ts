/** One direction of a link: which packets get through, and when. Nothing here allocates once it is made. */
import type { Pointer } from "bun:ffi";
import { nativeBuffer } from "../../../linux/libc.ts";
import type { AllConditions } from "./conditions.ts";

/** More than a packet of the devices' MTU has. */
export const PACKET_BYTES = 2_048;
/** So many may be under way; what comes then is lost, as in a router whose queue is full. A power of 2. */
const ROOM = 1_024;

/** Packets under way. */
export class Direction {
  carried = 0;
  lost = 0;
  readonly #random: () => number;
  readonly #packets = nativeBuffer(ROOM * PACKET_BYTES);
  readonly #lengths = new Uint32Array(ROOM);
  readonly #dueUs = new Float64Array(ROOM);
  #first = 0;
  #count = 0;
  /** When the one before arrives: none overtakes it. */
  #lastDueUs = 0;
  #isBad = false;
  #turnsUs = 0;
  #conditions: AllConditions;

  constructor(conditions: AllConditions, random: () => number) {
    this.#conditions = conditions;
    this.#random = random;
  }

  /** What is under way stays so: it has left already. */
  set conditions(conditions: AllConditions) {
    this.#conditions = conditions;
    this.#turnsUs = 0;
    this.#isBad = false;
  }

  /** Where the next packet is to be put. */
  get room(): Pointer {
    return this.#at((this.#first + this.#count) % ROOM);
  }

  /** A packet of so many bytes has been put at {@link room}. */
  take(length: number, nowUs: number): void {
    const { delayMs, jitterMs, isCut } = this.#conditions;
    if (this.#count === ROOM - 1 || this.#isFading(nowUs) || isCut) {
      this.lost++;
      return;
    }
    const index = (this.#first + this.#count++) % ROOM;
    const dueUs = nowUs + (delayMs + this.#random() * jitterMs) * 1e3;
    this.#lastDueUs = Math.max(dueUs, this.#lastDueUs);
    this.#dueUs[index] = this.#lastDueUs;
    this.#lengths[index] = length;
  }

  /** When the next packet is due, µs; infinite when none is under way. */
  get dueUs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#dueUs[this.#first]!;
  }

  /** The packet that is due. */
  get packet(): Pointer {
    return this.#at(this.#first);
  }

  get length(): number {
    return this.#lengths[this.#first]!;
  }

  /** It has arrived. */
  arrived(): void {
    this.carried++;
    this.#first = (this.#first + 1) % ROOM;
    this.#count--;
  }

  #at(index: number): Pointer {
    return (this.#packets.pointer + index * PACKET_BYTES) as Pointer;
  }

  /** Good and bad spells follow each other (Gilbert's model, in time), each of a length by chance, known only by its mean. */
  #isFading(nowUs: number): boolean {
    const { loss, burstMs } = this.#conditions;
    if (loss === 0) return false;
    if (this.#turnsUs === 0) this.#turnsUs = nowUs + this.#spellUs(loss, burstMs);
    while (nowUs >= this.#turnsUs) {
      this.#isBad = !this.#isBad;
      this.#turnsUs += this.#spellUs(loss, burstMs);
    }
    return this.#isBad;
  }

  #spellUs(loss: number, burstMs: number): number {
    const meanMs = this.#isBad ? burstMs : (burstMs * (1 - loss)) / loss;
    return -Math.log(1 - this.#random()) * meanMs * 1e3;
  }
}
