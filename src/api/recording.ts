/** What a recorder of a pair says of itself to the service, and what may be ordered of it. */

import * as v from "valibot";
import { isVisible } from "../linux/text/visible.ts";

/** A task that a person gives has no more characters: more than a sentence no policy reads. */
export const LONGEST_TASK = 200;

/** Whether a text may be a task that a person gives. Characters are as people count them, more or less: an emoji is one. */
export function isGivenTask(text: string): boolean {
  return text.trim() !== "" && [...text].length <= LONGEST_TASK && isVisible(text);
}

/**
 * What may be ordered of a recorder: to begin an episode; to end it, which saves it; to discard it; to record it again,
 * or the last one if none is running; to end the session, which saves what is running.
 */
export const ORDERS = ["begin", "end", "discard", "again", "stop"] as const;

/** One of them. */
export type RecordingOrder = (typeof ORDERS)[number];

/** How a recorder may be. The last two are its end. */
export const RECORDER_STATES = ["ready", "recording", "saving", "resetting", "failed", "done"] as const;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** What it says, by name. */
export const recordingFields = {
  is: v.picklist(RECORDER_STATES),
  /** The dataset's folder. */
  dataset: v.pipe(v.string(), v.maxLength(200)),
  task: v.pipe(v.string(), v.maxLength(200)),
  fps: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** The number in the dataset of the episode that is running, or would be the next, from 0. */
  episode: count,
  /** How many were saved since the recorder was started, and how many it is to save; null for any number. */
  saved: count,
  episodes: v.nullable(count),
  /** Of the episode that is running, or was last: its frames, how long they take, and how many of them were not read. */
  frames: count,
  seconds: v.pipe(v.number(), v.minValue(0)),
  lost: count,
  /** For how long it goes on resetting, s, or recording; null where nothing but an order ends that. */
  remainingS: v.nullable(v.pipe(v.number(), v.minValue(0))),
  /** What there is to say, for a person: why it does not record, what became of the last episode; empty for nothing. */
  message: v.pipe(v.string(), v.maxLength(300)),
} as const;
/** Checks that. */
export const recordingSchema = v.object(recordingFields);

/** What a recorder says of itself. */
export type Recording = v.InferOutput<typeof recordingSchema>;
