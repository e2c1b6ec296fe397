/** What hostile clients of a control socket do, one kind a client. */
export const KINDS = [
  "connect and close",
  "connect without waiting",
  "silence",
  "half a request",
  "a line without end",
  "slow reading",
  "watching without reading",
  "samples without reading",
  "garbage",
  "deep and huge JSON",
  "other versions",
  "one request each",
  "flood",
  "tiny writes",
  /** It is killed again and again, with all that it holds open. */
  "killed",
] as const;

/** What they do, too, where the pair need not follow: they borrow the arms, and listen to nobody, or go at once. */
export const BORROWERS = ["borrowing", "borrowing for a moment", "events without reading"] as const;

/** One of them. */
export type Kind = (typeof KINDS | typeof BORROWERS)[number];
