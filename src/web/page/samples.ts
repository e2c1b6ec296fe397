/** The newest samples, by pair: they are drawn each frame, and are no reason to make the page anew. */
import type { SampleMessage } from "../messages.ts";

/** The newest of each pair. */
export const newestSamples = new Map<string, SampleMessage>();

const listeners = new Set<() => void>();

/** Keeps a sample as the newest of its pair, and has told whoever wants to know. */
export function keepSample(sample: SampleMessage): void {
  newestSamples.set(sample.pair, sample);
  for (const listener of listeners) listener();
}

/** Calls `listener` at each new sample. Returns what ends that. */
export function listenForSamples(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
