/** What there is to say of recording, in words. */
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
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

/** Why nothing can be recorded while a source gives the follower its targets; undefined where it can. */
export function whyNotRecordedOf(source: string): string | undefined {
  if (source.endsWith("leader")) return undefined;
  return `no leader moves the follower now, but a ${source}: what a leader does is recorded`;
}

/** An episode as people read of it: `episode 12, 8.4 s`; how many of its frames were not read, where some were not. */
export function saySaved({ episode, seconds, frames, lost }: Omit<Of<"recording.saved">, "code">): string {
  const gaps =
    lost === 0 ? "" : `; ${lost} of its ${frames} frames were not read, and repeat the one before them`;
  return `episode ${episode} was saved, ${seconds.toFixed(1)} s${gaps}`;
}

/** How a recorder has ended. */
export function sayRecorderEnd({ how, saved, dataset, why }: Omit<Of<"recording.ended">, "code">): string {
  const which = `${saved} new ${saved === 1 ? "episode" : "episodes"} in ${dataset}`;
  switch (how) {
    case "done":
      return `recording is done: ${which}`;
    case "failed":
      return `recording has failed, with ${which}${why === "" ? "" : `: ${why}`}`;
    case "gone":
      return `the recorder has gone without a word, with ${which}: whatever was saved is complete`;
  }
}

/** The configuration's units are not the dataset's. */
export function sayOtherUnits(configured: NormalisationMode, units: NormalisationMode): string {
  return (
    `the service has normalisation = "${configured}", and this dataset "${units}": what is recorded would mean something ` +
    "else — set teleoperation.normalisation back, or record into another dataset"
  );
}

/** There are more frames than ticks. */
export function sayFewTicks(fps: number, rateHz: number): string {
  return `the control loop has ${rateHz} ticks a second, which is less than ${fps} frames — give --fps ${Math.floor(rateHz)} or less`;
}

/** An arm's calibration is not known. */
export function sayUncalibrated(role: "leader" | "follower"): string {
  return `nothing can be recorded: the ${role} has no calibration`;
}

/** What an episode that is given up was given up for. */
export type GivenUp =
  | { readonly why: "discarded" | "again" | "interrupted" }
  | { readonly why: "not following"; readonly fact: string }
  | { readonly why: "no samples" }
  | { readonly why: "service"; readonly fact: string };

/** Says that the running episode is not saved, and why. */
export function sayGivenUp(episode: number, seconds: number, given: GivenUp): string {
  const what = `episode ${episode} is not saved (${seconds.toFixed(1)} s)`;
  switch (given.why) {
    case "discarded":
      return `${what}, as was asked`;
    case "again":
      return `${what}: it is recorded again`;
    case "interrupted":
      return `${what}: the recording was interrupted`;
    case "not following":
      return `${what}: the follower stopped following the leader — ${given.fact}`;
    case "no samples":
      return `${what}: nothing was read of the arms for more than a second`;
    case "service":
      return `${what}: ${given.fact}`;
  }
}

/** Says that the last saved episode was removed. */
export function sayRemoved(episode: number): string {
  return `episode ${episode} was removed, as was asked: it is recorded again`;
}

/** Says that there is too little room to go on. */
export function sayNoRoom(freeMb: number, leastMb: number): string {
  return `only ${Math.floor(freeMb)} MB are free where the dataset is: recording stops at ${leastMb} MB — make room, then go on with --resume`;
}

/** Says that an episode was ended because it may not be longer. */
export function sayLongest(minutes: number): string {
  return `it was ended after ${Math.round(minutes)} minutes: an episode may not be longer`;
}
