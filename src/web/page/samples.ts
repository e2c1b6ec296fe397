/** The newest samples, by pair: they are drawn each frame, and are no reason to make the page anew. */
import type { SampleMessage } from "../messages.ts";

/** The newest of each pair. */
export const newestSamples = new Map<string, SampleMessage>();
