/** What went wrong on a bus, counted for each servo and each kind. */

/** The kinds of trouble that are counted for each servo. */
export const TROUBLES = ["timeout", "late", "corrupted", "retry", "error bit"] as const;

/**
 * A kind of trouble: no reply, a reply that came after it was given up, one with a wrong checksum, a read asked again, a
 * reply with an error bit.
 */
export type Trouble = (typeof TROUBLES)[number];

const MAX_ID = 253;

/** Counts since it was made. Nothing here allocates after construction. */
export class BusCounters {
  /** Bytes that belonged to no packet. */
  noiseBytes = 0;
  /** Whole packets that nobody had asked for. */
  strays = 0;

  readonly #counts = TROUBLES.map(() => new Uint32Array(MAX_ID + 1));
  readonly #totals = new Float64Array(TROUBLES.length);

  /** Counts one trouble of a servo. */
  add(id: number, trouble: Trouble): void {
    const kind = TROUBLES.indexOf(trouble);
    this.#counts[kind]![id]!++;
    this.#totals[kind]!++;
  }

  /** How often a servo had a trouble. */
  of(id: number, trouble: Trouble): number {
    return this.#counts[TROUBLES.indexOf(trouble)]![id]!;
  }

  /** How many replies a servo owes: those that did not come, and those that came damaged. */
  misses(id: number): number {
    return this.of(id, "timeout") + this.of(id, "corrupted");
  }

  /** How often a trouble was met on the whole bus. */
  total(trouble: Trouble): number {
    return this.#totals[TROUBLES.indexOf(trouble)]!;
  }
}
