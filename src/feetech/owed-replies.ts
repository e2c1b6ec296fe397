/** Replies that were given up and may still come: recognised when they do, and never taken for another request's. */
import type { BusCounters } from "./counters.ts";
import type { ReadRequest } from "./requests.ts";

/** So many requests may be owed at once; of more the oldest counts as lost. */
const MOST = 8;
/** What is later than this is lost, µs. */
const LATE_FOR_US = 1_000_000;

/** A request that was given up. */
interface Owed {
  ids: readonly number[];
  /** Bit i is set while `ids[i]` owes its reply. */
  missing: number;
  /** Bytes of data in each reply. */
  length: number;
  lineUs: number;
  sentUs: number;
}

/** The replies that one bus is owed. Nothing here allocates after construction. */
export class OwedReplies {
  readonly #counters: BusCounters;
  /** The oldest first; the first {@link #count} are in use. */
  readonly #owed: Owed[] = Array.from({ length: MOST }, () => ({
    ids: [],
    missing: 0,
    length: 0,
    lineUs: 0,
    sentUs: 0,
  }));
  #count = 0;
  /** By the length of its data, whether a reply may come late; for the decoder. */
  readonly lengths = new Uint8Array(256);

  /** When the reply that {@link take} found was asked for, µs, … */
  sentUs = 0;
  /** … and how long it and its request are on the line, µs. */
  lineUs = 0;

  constructor(counters: BusCounters) {
    this.#counters = counters;
  }

  /** True when nothing is owed. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Notes that a request was given up. */
  add(read: ReadRequest): void {
    if (this.#count === MOST) this.#lose(0);
    const owed = this.#owed[this.#count++]!;
    owed.ids = read.ids;
    owed.missing = read.missing;
    owed.length = read.span.length;
    owed.lineUs = read.lineUs;
    owed.sentUs = read.sentUs;
    this.lengths[owed.length] = 1;
  }

  /** Whether a late reply could be taken for one to this request: same servo, same length. */
  confuses(read: ReadRequest): boolean {
    for (let i = 0; i < this.#count; i++) {
      const { ids, missing, length } = this.#owed[i]!;
      if (length !== read.span.length) continue;
      for (let k = 0; k < ids.length; k++) {
        if ((missing & (1 << k)) !== 0 && read.ids.includes(ids[k]!)) return true;
      }
    }
    return false;
  }

  /** Takes in a reply that no present request has asked for; true when it was owed: then it is late, not lost. */
  take(id: number, length: number): boolean {
    for (let i = 0; i < this.#count; i++) {
      const owed = this.#owed[i]!;
      const bit = 1 << owed.ids.indexOf(id);
      if (owed.length !== length || !owed.ids.includes(id) || (owed.missing & bit) === 0) continue;
      this.#counters.add(id, "late");
      owed.missing &= ~bit;
      this.sentUs = owed.sentUs;
      this.lineUs = owed.lineUs;
      if (owed.missing === 0) this.#remove(i);
      return true;
    }
    return false;
  }

  /** Counts as lost what is too late to come. */
  expire(nowUs: number): void {
    while (this.#count > 0 && nowUs - this.#owed[0]!.sentUs > LATE_FOR_US) this.#lose(0);
  }

  /** Counts as lost all that is owed: replies come in the order of their requests, and a later one has come. */
  loseAll(): void {
    while (this.#count > 0) this.#lose(0);
  }

  #lose(index: number): void {
    const { ids, missing } = this.#owed[index]!;
    for (let k = 0; k < ids.length; k++) {
      if ((missing & (1 << k)) !== 0) this.#counters.add(ids[k]!, "timeout");
    }
    this.#remove(index);
  }

  #remove(index: number): void {
    const owed = this.#owed;
    const removed = owed[index]!;
    for (let i = index; i < this.#count - 1; i++) owed[i] = owed[i + 1]!;
    owed[--this.#count] = removed;
    this.lengths.fill(0);
    for (let i = 0; i < this.#count; i++) this.lengths[owed[i]!.length] = 1;
  }
}
