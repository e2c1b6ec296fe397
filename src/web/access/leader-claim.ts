/** Watching a leader for the motions that show that somebody is beside it. */
import type { Status } from "../../api/protocol.ts";
import { armsRead, JOINTS } from "../../arm/joints.ts";
import { steps, stepsToDegrees } from "../../feetech/units.ts";
import type { PairFeed } from "../pairs/pair-feed.ts";
import { type Refusal, type Show, unguessable } from "./attempt.ts";
import { type Attempt, type FailedBy, Presence, type Ranges } from "./presence.ts";
import { sayAttempt, sayFailure } from "./words.ts";

/** Without a sample for so long the leader is not heard. */
const SILENT_MS = 1_000;

/**
 * Watches the leader of a pair that is paused, until it has made the motions (undefined), or why it has not, for the
 * person. `isCounted` says of its port whether somebody can be beside it. Never rejects.
 */
export function watchLeader(
  feed: PairFeed,
  isCounted: (port: string) => boolean,
  show: Show,
  signal: AbortSignal,
): Promise<Refusal> {
  return new Promise((resolve) => {
    let presence: Presence | undefined;
    let wasPaused = false;
    let end = () => {};
    const over = (refusal: Refusal) => {
      clearTimeout(silence);
      signal.removeEventListener("abort", gone);
      // What is known is told while it is begun to listen.
      queueMicrotask(() => end());
      resolve(refusal);
    };
    const gone = () => over("The page has gone away.");
    const fail = (why: FailedBy) => over(sayFailure(why));
    const silent = () => fail({ because: "leader silent" });
    const tell = (attempt: Attempt) => {
      if (attempt.kind === "passed") over(undefined);
      else if (attempt.kind === "failed") fail(attempt.why);
      else show(sayAttempt(attempt));
    };
    let silence = setTimeout(silent, SILENT_MS);
    end = feed.listen((message) => {
      const { status } = feed;
      if (status === undefined) return;
      // Whoever makes it go on, or gives it another leader, ends the attempt: nobody need be beside it then.
      if (status.mode === "running") {
        // What was known before it was paused comes first.
        if (wasPaused) fail({ because: "resumed" });
        return;
      }
      wasPaused = true;
      // Its motions come over the network: whoever makes them is not here.
      if (armsRead(status) === "follower") return fail({ because: "another machine" });
      if (!isCounted(status.arms.leader.port)) return fail({ because: "elsewhere" });
      const ranges = rangesOf(status);
      if (message.kind !== "sample" || ranges === undefined) return;
      const now = performance.now();
      presence ??= new Presence(ranges, message.leader, now, unguessable);
      clearTimeout(silence);
      silence = setTimeout(silent, SILENT_MS);
      tell(presence.see(message.leader, now));
    });
    if (signal.aborted) gone();
    else signal.addEventListener("abort", gone, { once: true });
  });
}

/** How far the leader's joints can go, degrees from the middle; undefined without a calibration. */
function rangesOf({ arms }: Status): Ranges | undefined {
  const ranges = JOINTS.map((joint) => arms.leader.joints[joint].rangeSteps);
  if (ranges.includes(null)) return undefined;
  return ranges.map((range, index) => {
    if (JOINTS[index] === "gripper") return [0, 110] as const;
    const half = stepsToDegrees(steps((range!.max - range!.min) / 2));
    return [-half, half] as const;
  });
}
