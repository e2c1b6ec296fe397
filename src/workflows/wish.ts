/** Asking a service to hold the follower, to go on, or to release it: done when it has happened. */
import { ApiError, type ApiProblem, askService } from "../api/client.ts";
import type { Status } from "../api/protocol.ts";
import { JOINTS } from "../arm/joints.ts";
import { pause } from "./pause.ts";

/** What somebody beside the arms may want. */
export type Wish = "pause" | "resume" | "release";

const LOOK_EVERY_MS = 100;
/** A release takes a second, and two more where no servo answers. */
const PATIENCE_MS = 6_000;

/** What is known of the follower's torque: "on" where any servo has it; "elsewhere" where the leader alone is here. */
export type Torque = "on" | "off" | "unknown" | "elsewhere";

/**
 * Asks the services that listen at `sockets`, which is one but where a user runs the program beside the system's: all are
 * asked, whichever of them drives the arms now or comes to drive them. Resolves when the follower does as was asked, a
 * resume at once, with what was seen of its torque then.
 * Throws {@link ApiError}, the signal's reason, an Error that says why it is not done.
 */
export async function askFor(wish: Wish, sockets: readonly string[], signal: AbortSignal): Promise<Torque> {
  const listening = await askEach(wish, sockets);
  if (wish === "resume") return (await areLeadersAlone(listening)) ? "elsewhere" : "unknown";
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const statuses = await Promise.all(
      listening.map(async (path) => (await askService([path], { do: "status" }))!),
    );
    const torque = outcomeOf(wish, statuses);
    if (torque !== "unknown") return torque;
    if (performance.now() > deadline) throw new Error(whyNot(wish, statuses));
    await pause(LOOK_EVERY_MS, signal);
  }
}

/** Whether none of these services has a follower. */
async function areLeadersAlone(listening: readonly string[]): Promise<boolean> {
  const statuses = listening.map((path) => askService([path], { do: "status" }).catch(() => undefined));
  return (await Promise.all(statuses)).every((status) => status?.armsHere === "leader");
}

/**
 * Asks at each of the sockets; those at which somebody listens. One that cannot do it now is no failure while another
 * can: it has the wish, which its status shows. Throws {@link ApiError}, also when nobody listens.
 */
async function askEach(wish: Wish, sockets: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(
    sockets.map((path) =>
      askService([path], { do: wish }).then(
        () => ({ path, error: undefined }),
        (error: unknown) => ({ path, error }),
      ),
    ),
  );
  const errorOf = (kind: ApiProblem["kind"]) => answers.find(({ error }) => isOf(error, kind))?.error;
  const isKnown = (error: unknown) => KNOWN.some((kind) => isOf(error, kind));
  const failed = answers.find(({ error }) => error !== undefined && !isKnown(error));
  if (failed !== undefined) throw failed.error;
  if (answers.some(({ error }) => error === undefined)) {
    return answers.flatMap(({ path, error }) => (error === undefined || isOf(error, "refused") ? path : []));
  }
  throw errorOf("refused") ?? errorOf("denied") ?? new ApiError({ kind: "not running", paths: sockets });
}

/** Why a service is not the one that has the arms. */
const KNOWN = ["refused", "denied", "not running"] as const;

function isOf(error: unknown, kind: ApiProblem["kind"]): boolean {
  return error instanceof ApiError && error.problem.kind === kind;
}

/**
 * The follower's torque, once what was asked for has happened; "unknown" until then. A service that has no follower has
 * nothing to do, but it must know of the wish: the arms may be its own in a moment. One that is to have the leader alone sends
 * its positions no more.
 */
export function outcomeOf(wish: "pause" | "release", statuses: readonly Status[]): Torque {
  if (!statuses.every((status) => isStill(wish, status))) return "unknown";
  const followers = statuses.filter(({ armsHere }) => armsHere !== "leader");
  if (followers.length === 0) return "elsewhere";
  const torques = followers.map(torqueOf);
  if (wish === "release") return torques.includes("on") || !torques.includes("off") ? "unknown" : "off";
  return torques.find((torque) => torque !== "unknown") ?? "unknown";
}

/** Whether a service drives nothing, and will not. */
function isStill(wish: "pause" | "release", { state, mode, isObeyed = true, ...status }: Status): boolean {
  if (mode !== (wish === "pause" ? "paused" : "released")) return false;
  if (["connecting", "aligning", "following", "leading"].includes(state)) return false;
  return isObeyed || torqueOf(status) === "unknown";
}

function torqueOf({ arms }: Pick<Status, "arms">): Torque {
  const joints = JOINTS.map((joint) => arms.follower.joints[joint].torqueOn);
  if (joints.includes(true)) return "on";
  return joints.every((torqueOn) => torqueOn === false) ? "off" : "unknown";
}

function whyNot(wish: "pause" | "release", statuses: readonly Status[]): string {
  // Of several it is the one that has the follower which can say more.
  const { state, why, arms } = statuses.find((status) => torqueOf(status) !== "unknown") ?? statuses[0]!;
  const is = `the service is ${state}: ${why}`;
  const { joints } = arms.follower;
  const holding = JOINTS.filter((joint) => joints[joint].torqueOn);
  if (wish === "pause") {
    return torqueOf({ arms }) === "unknown"
      ? `nobody knows whether the follower is held — ${is}; it is not moved when it answers`
      : `the follower is not held yet — ${is}`;
  }
  return holding.length > 0
    ? `the torque of the follower's ${holding.join(", ")} is still on — ${is}; switch the arm's power off before you touch it`
    : `nobody knows whether the follower's torque is off — ${is}; it is released when it answers`;
}
