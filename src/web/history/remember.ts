/** Keeping the history of every pair that is served, also while no page is open. */
import type { ServedPair } from "../pairs/served-pair.ts";

/** Pairs come and go with their files; one that is new is noticed within this. */
const LOOK_EVERY_MS = 2_000;

/** Begins; returns what ends it. */
export function rememberAll(pairs: ReadonlyMap<string, ServedPair>): () => void {
  const ends = new Map<ServedPair, () => void>();
  const look = () => {
    const served = new Set(pairs.values());
    for (const [pair, end] of ends) {
      if (served.has(pair)) continue;
      end();
      ends.delete(pair);
    }
    for (const pair of served) {
      if (ends.has(pair)) continue;
      ends.set(
        pair,
        pair.feed.follow((message) => pair.history.take(message, performance.now())),
      );
    }
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    for (const end of ends.values()) end();
  };
}
