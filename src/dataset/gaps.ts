/**
 * `meta/gaps.json`: which episodes have gaps, and where. LeRobot's own files have no place for it, and LeRobot reads nothing in
 * `meta/` that it does not know.
 */
import * as v from "valibot";
import { jsonText } from "./info.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const gapSchema = v.object({
  /** The first frame that is not what was read at its time. */
  from: count,
  /** How many such frames follow each other. */
  frames: v.pipe(count, v.minValue(1)),
});

/** Frames of an episode that were lost, and stand in it as repetitions of the one before. */
export type Gap = Readonly<v.InferOutput<typeof gapSchema>>;

const fileSchema = v.object({
  gaps: v.record(v.pipe(v.string(), v.regex(/^\d{1,9}$/)), v.array(gapSchema)),
});

/** The gaps by the number of the episode. */
export type Gaps = ReadonlyMap<number, readonly Gap[]>;

/** The file's text; episodes without gaps are not in it. */
export function gapsText(gaps: Gaps): string {
  return jsonText({ gaps: Object.fromEntries(gaps) });
}

/** What the file says; undefined where it is not one of ours. */
export function parseGaps(text: string): Gaps | undefined {
  try {
    const { gaps } = v.parse(fileSchema, JSON.parse(text));
    return new Map(Object.entries(gaps).map(([episode, found]) => [Number(episode), found]));
  } catch {
    return undefined;
  }
}
