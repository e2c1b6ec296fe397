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

/** What is known of the follower's torque: "on" where any servo has it. */
export type Torque = "on" | "off" | "unknown";

/**
 * Asks the service that listens at one of `sockets`; resolves when the follower does as was asked, a resume at once, with
 * what is known of its torque then.
 * Throws {@link ApiError}, the signal's reason, an Error that says why it is not done.
 */
export async function askFor(wish: Wish, sockets: readonly string[], signal: AbortSignal): Promise<Torque> {
  await askService(sockets, { do: wish });
  if (wish === "resume") return "unknown";
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const status = (await askService(sockets, { do: "status" }))!;
    if (wish === "pause" ? isStill(status) : isReleased(status)) return torqueOf(status);
    if (performance.now() > deadline) throw new Error(whyNot(wish, status));
    await pause(LOOK_EVERY_MS, signal);
  }
}

function isStill({ state }: Status): boolean {
  return !["connecting", "aligning", "following"].includes(state);
}

function isReleased(status: Status): boolean {
  return status.state === "waiting" && torqueOf(status) === "off";
}

function torqueOf({ arms }: Status): Torque {
  const joints = JOINTS.map((joint) => arms.follower.joints[joint].torqueOn);
  if (joints.includes(true)) return "on";
  return joints.every((torqueOn) => torqueOn === false) ? "off" : "unknown";
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
