/** Keeping the last minutes of every pair, so that a page that opens finds them, also where none was open. */
import type { ServedPair } from "../pairs/served-pair.ts";

/** Follows the pairs as they come and go. */
export class Remembering {
  readonly #pairs: ReadonlyMap<string, ServedPair>;
  readonly #ends = new Map<ServedPair, () => void>();

  constructor(pairs: ReadonlyMap<string, ServedPair>) {
    this.#pairs = pairs;
    this.look();
  }

  /** Begins with pairs that are new, and ends with those that are no more. */
  look(): void {
    for (const pair of this.#pairs.values()) {
      if (this.#ends.has(pair)) continue;
      const { feed, history } = pair;
      this.#ends.set(
        pair,
        feed.follow((message) => history.take(message, performance.now())),
      );
    }
    for (const [pair, end] of this.#ends) {
      if (this.#pairs.get(pair.name) === pair) continue;
      end();
      this.#ends.delete(pair);
    }
  }

  /** Ends with all. */
  end(): void {
    for (const end of this.#ends.values()) end();
    this.#ends.clear();
  }
}
