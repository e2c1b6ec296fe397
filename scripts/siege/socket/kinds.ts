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

/** What they do with the requests of the network's client. */
export const NETWORK_KINDS = [
  "carrying without reading",
  "carrying for a moment",
  "hearing of nobody's leader",
  "hearing rubbish",
] as const;

/** What they do on the socket of the samples, beside the control socket. */
export const SAMPLE_KINDS = [
  "samples: connect and close",
  "samples: silence",
  "samples: wrong sizes",
  "samples: a flood",
  "samples: killed",
] as const;

/** One of them. */
export type Kind = (typeof KINDS | typeof BORROWERS | typeof NETWORK_KINDS | typeof SAMPLE_KINDS)[number];
