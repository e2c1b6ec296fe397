/** How long an arm's replies take, in words. */

/** Round trips in ms: what half of them, and 99 of 100, did not exceed; null before the first. */
export interface RoundTripMs {
  readonly p50: number | null;
  readonly p99: number | null;
}

/** `replies in 1.1 ms (p50), 1.6 ms (p99)` */
export function sayRoundTrip({ p50, p99 }: RoundTripMs): string {
  if (p50 === null || p99 === null) return "no reply yet";
  return `replies in ${p50.toFixed(1)} ms (p50), ${p99.toFixed(1)} ms (p99)`;
}
