/** A port whose replies come too late for hold_after_ms, and what that would have to be. */
import type { RoundTrip } from "../../feetech/round-trip.ts";
import type { ArmIdentity } from "../identity.ts";
import type { PortTooSlow } from "../problem.ts";

/** A reply is waited for no longer than this share of the time after which the follower holds: another must fit in. */
const WAITED_SHARE = 0.6;

/** What would do is said in steps of this, so that it is the same from try to try, ms. */
const ROUNDED_TO_MS = 50;

/** For how long a reply is waited for at most, µs, when the follower holds after `holdAfterMs`. */
export function longestWaitUs(holdAfterMs: number): number {
  return WAITED_SHARE * holdAfterMs * 1e3;
}

/** What is said of such a port. `arm` is undefined for one that belongs to nobody yet. */
export function tooSlow(
  arm: ArmIdentity | undefined,
  roundTrip: Pick<RoundTrip, "neededUs">,
  path?: string,
): PortTooSlow {
  const holdAfterMs = roundTrip.neededUs / 1e3 / WAITED_SHARE;
  return {
    code: "port.too-slow",
    arm,
    ...(path !== undefined && { path }),
    upToMs: Math.ceil(roundTrip.neededUs / 1e3),
    holdAfterMs: Math.ceil(holdAfterMs / ROUNDED_TO_MS) * ROUNDED_TO_MS,
  };
}
