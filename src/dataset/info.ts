/** `meta/info.json`: what a dataset says of itself. It is written last, so that what it does not count is not there. */
import * as v from "valibot";
import {
  CHUNK_SIZE,
  DATA_FILE_MB,
  DATA_PATH,
  FEATURES,
  FORMAT_VERSION,
  INFO_FILE,
  VIDEO_FILE_MB,
} from "./format.ts";
import { DatasetError } from "./problem.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000));

const featureSchema = v.looseObject({
  dtype: v.string(),
  shape: v.array(count),
  names: v.optional(v.unknown()),
});

/** Patterns of paths lead to what is in the dataset's folder. */
const inside = v.pipe(
  v.string(),
  v.check(
    (path) => !path.startsWith("/") && !path.split("/").includes(".."),
    "leads out of the dataset's folder",
  ),
);

/** A camera's name stands in the path of its video: as LeRobot has it no "/", and never dots alone, which would be a way out. */
const columnName = v.pipe(
  v.string(),
  v.regex(/^(?!\.*$)[^/]+$/, 'a column\'s name has no "/", and is not of dots alone'),
);

/** LeRobot leaves out nothing of this, and takes the same defaults. What it does not know, it ignores. */
const infoSchema = v.looseObject({
  codebase_version: v.string(),
  fps: positive,
  features: v.record(columnName, featureSchema),
  // LeRobot takes none of these for 0. Here what they do not count may be removed: so they must be there.
  total_episodes: count,
  total_frames: count,
  total_tasks: count,
  chunks_size: v.optional(positive, CHUNK_SIZE),
  data_files_size_in_mb: v.optional(positive, DATA_FILE_MB),
  video_files_size_in_mb: v.optional(positive, VIDEO_FILE_MB),
  data_path: v.optional(inside, DATA_PATH),
  video_path: v.optional(v.nullable(inside), null),
  robot_type: v.optional(v.nullable(v.string()), null),
  splits: v.optional(v.record(v.string(), v.string()), {}),
});

/** What `meta/info.json` says. */
export type DatasetInfo = v.InferOutput<typeof infoSchema>;

/** Of a new dataset of a pair without cameras. `robotType` is LeRobot's name of the follower. */
export function newInfo(fps: number, robotType: string): DatasetInfo {
  // What is left out is what LeRobot takes where nothing is said: the schema puts it in.
  const given = { codebase_version: FORMAT_VERSION, fps, features: FEATURES, robot_type: robotType };
  return v.parse(infoSchema, { ...given, total_episodes: 0, total_frames: 0, total_tasks: 0 });
}

/** The same dataset with one episode more. */
export function withEpisode(info: DatasetInfo, frames: number, tasks: number): DatasetInfo {
  const episodes = info.total_episodes + 1;
  return {
    ...info,
    ...{ total_episodes: episodes, total_frames: info.total_frames + frames, total_tasks: tasks },
    splits: { ...info.splits, train: `0:${episodes}` },
  };
}

/** The same dataset without its last episode, which has so many frames. */
export function withoutLast(info: DatasetInfo, frames: number, tasks: number): DatasetInfo {
  const episodes = info.total_episodes - 1;
  return {
    ...info,
    ...{ total_episodes: episodes, total_frames: info.total_frames - frames, total_tasks: tasks },
    splits: { ...info.splits, train: `0:${episodes}` },
  };
}

/** JSON as LeRobot writes it. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 4);
}

/**
 * Reads the text of `meta/info.json` of the dataset in `dir`. Throws {@link DatasetError}: it is damaged, or of another
 * version of the format.
 */
export function parseInfo(text: string, dir: string): DatasetInfo {
  const damaged = (fact: string) =>
    new DatasetError({ kind: "damaged", dir, path: `${dir}/${INFO_FILE}`, fact });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged("it is not JSON");
  }
  // First of all: another version may have other keys, too.
  const { codebase_version: version } = (json ?? {}) as Record<string, unknown>;
  if (typeof version === "string" && !/^v?3\.\d+/.test(version)) {
    throw new DatasetError({ kind: "version", dir, version: version.slice(0, 40) });
  }
  const { success, output, issues } = v.safeParse(infoSchema, json);
  if (success) return output;
  const [{ path, message }] = issues;
  throw damaged(`${path?.map(({ key }) => String(key)).join(".") ?? "it"}: ${message}`.slice(0, 200));
}
