/** What a page asks of a recording, and is told of one that it has begun. */
import * as v from "valibot";
import { isGivenTask, LONGEST_TASK, ORDERS } from "../../api/recording.ts";
import { DATASET_NAME } from "../datasets/messages.ts";

const FASTEST_FPS = 200;
/** A day. */
const LONGEST_S = 86_400;
const MOST_EPISODES = 10_000;

const seconds = v.exactOptional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(LONGEST_S)));

/** Checks what is to be recorded. */
export const recordSchema = v.strictObject({
  dataset: v.pipe(v.string(), v.regex(DATASET_NAME)),
  task: v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1),
    v.check(isGivenTask, `up to ${LONGEST_TASK} characters that can be seen`),
  ),
  fps: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(FASTEST_FPS)),
  episodeTimeS: seconds,
  resetTimeS: seconds,
  episodes: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_EPISODES))),
  /** Adds to a dataset that is there. */
  resume: v.boolean(),
});

/** What is to be recorded. */
export type RecordOrder = v.InferOutput<typeof recordSchema>;

/** Checks an order for a recorder, whoever has started it. */
export const recorderOrderSchema = v.strictObject({ order: v.picklist(ORDERS) });

/** What this machine's page knows of the recorder that it has started for a pair. */
export interface RecorderReply {
  /** Whether the recorder that runs was started by the page: it ends with the page's server. */
  readonly isOwn: boolean;
  /** How the last one that the page had started came to its end, where that was not as it should; else null. */
  readonly ended: { readonly text: string; readonly at: string } | null;
}
