/** The states of a pair, and the modes in which a person may want it. */

/** The states, in the order of their numbers in shared memory. */
export const PAIR_STATES = [
  "waiting",
  "connecting",
  "aligning",
  "following",
  "holding",
  "faulted",
  "stopped",
  "leading",
] as const;

/** What a pair is doing. */
export type PairState = (typeof PAIR_STATES)[number];

/** Whether the pair may teleoperate: yes; no, but hold the follower; no, and release it. By their numbers. */
export const PAIR_MODES = ["running", "paused", "released"] as const;

/** What a person beside the arms wants of the pair. */
export type Mode = (typeof PAIR_MODES)[number];
