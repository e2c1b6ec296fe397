/** The pairs of this machine, as their configuration files are there: one that is added later is served too. */
import { controlPaths } from "../../api/address.ts";
import { pairsOrMain, pairToName } from "../../config/pairs.ts";
import { type ServedPair, servedPair } from "./served-pair.ts";

/** A folder of a few files is looked at so often: a few µs. */
const LOOK_EVERY_MS = 2_000;

/** The pairs by name, as of 2 s ago at most, until the signal aborts. A page shows those there are when it connects. */
export function configuredPairs(signal: AbortSignal, dir?: string): ReadonlyMap<string, ServedPair> {
  const pairs = new Map<string, ServedPair>();
  const look = () => {
    const names = pairsOrMain(dir);
    for (const name of pairs.keys()) if (!names.includes(name)) pairs.delete(name);
    for (const name of names) {
      if (!pairs.has(name))
        pairs.set(name, servedPair(name, controlPaths(name), { pair: pairToName(name, dir) }));
    }
  };
  look();
  const timer = setInterval(() => {
    try {
      look();
    } catch {
      // The folder cannot be read just now: those that were there stay.
    }
  }, LOOK_EVERY_MS);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return pairs;
}
