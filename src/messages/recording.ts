/** What there is to say of recording, in words. */
import type { TeleopProblem } from "../teleop/reporting/problem.ts";
import type { PairState } from "../teleop/state/states.ts";

type Of<Code extends TeleopProblem["code"]> = Extract<TeleopProblem, { readonly code: Code }>;

/** Why nothing can be recorded of a pair in a state, for its reason `why`; undefined where it can. */
export function whyNotRecorded(state: PairState, why: string): string | undefined {
  switch (state) {
    case "following":
      return undefined;
    case "aligning":
      return "the follower still moves to the leader's pose: recording can begin once it follows";
    case "leading":
      return "the follower of this leader is on another machine: record there";
    default:
      return `the follower does not follow (${state}): ${why}`;
  }
}

/** An episode as people read of it: `episode 12, 8.4 s`; how many of its frames were not read, where some were not. */
export function saySaved({ episode, seconds, frames, lost }: Omit<Of<"recording.saved">, "code">): string {
  const gaps =
    lost === 0 ? "" : `; ${lost} of its ${frames} frames were not read, and repeat the one before them`;
  return `episode ${episode} was saved, ${seconds.toFixed(1)} s${gaps}`;
}

/** How a recorder has ended. */
export function sayRecorderEnd({ how, saved, dataset, why }: Omit<Of<"recording.ended">, "code">): string {
  const which = `${saved} ${saved === 1 ? "episode" : "episodes"} in ${dataset}`;
  switch (how) {
    case "done":
      return `recording is done: ${which}`;
    case "failed":
      return `recording has failed, with ${which}${why === "" ? "" : `: ${why}`}`;
    case "gone":
      return `the recorder has gone without a word, with ${which}: whatever was saved is complete`;
  }
}
