/** Asking a service to hold the follower, to go on, or to release it: done when it has happened. */
import { askService } from "../api/client.ts";
import type { Status } from "../api/protocol.ts";
import { JOINTS } from "../arm/joints.ts";
import { pause } from "./pause.ts";

/** What somebody beside the arms may want. */
export type Wish = "pause" | "resume" | "release";

const LOOK_EVERY_MS = 100;
/** A release takes a second, and two more where no servo answers. */
const PATIENCE_MS = 6_000;

/**
 * Asks the service that listens at one of `sockets`; resolves when the follower does as was asked, a resume at once.
 * Throws {@link ApiError}, the signal's reason, an Error that says why it is not done.
 */
export async function askFor(wish: Wish, sockets: readonly string[], signal: AbortSignal): Promise<void> {
  await askService(sockets, { do: wish });
  if (wish === "resume") return;
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const status = (await askService(sockets, { do: "status" }))!;
    if (wish === "pause" ? isStill(status) : isReleased(status)) return;
    if (performance.now() > deadline) throw new Error(whyNot(wish, status));
    await pause(LOOK_EVERY_MS, signal);
  }
}

function isStill({ state }: Status): boolean {
  return !["connecting", "aligning", "following"].includes(state);
}

function isReleased({ state, arms }: Status): boolean {
  return state === "waiting" && JOINTS.every((joint) => arms.follower.joints[joint].torqueOn === false);
}

function whyNot(wish: Wish, { state, why, arms }: Status): string {
  const is = `the service is ${state}: ${why}`;
  if (wish === "pause") return `the follower is not held yet — ${is}`;
  const { joints } = arms.follower;
  const holding = JOINTS.filter((joint) => joints[joint].torqueOn);
  return holding.length > 0
    ? `the torque of the follower's ${holding.join(", ")} is still on — ${is}; switch the arm's power off before you touch it`
    : `nobody knows whether the follower's torque is off — ${is}; it is released when it answers`;
}
