/**
 * LeRobotDataset v3.0 as this program writes it: which file stands where, and what its columns are called. The format is
 * LeRobot's, as its version 0.6.2 reads and writes it.
 */
import { version } from "../../package.json";
import { JOINT_COUNT, JOINTS } from "../arm/joints.ts";

/** The format's version, as `meta/info.json` says it. */
export const FORMAT_VERSION = "v3.0";

/** This program, as the files name who wrote them. */
export const WRITER = `so101 ${version}`;

/** LeRobot's own name of an SO-100 or SO-101 follower, from its version 0.6 on. */
export const ROBOT_TYPE = "so_follower";

/** Files of a folder `chunk-…`; LeRobot's default, as the sizes at which it begins another file. */
export const CHUNK_SIZE = 1_000;
export const DATA_FILE_MB = 100;
export const VIDEO_FILE_MB = 200;

export const INFO_FILE = "meta/info.json";
export const STATS_FILE = "meta/stats.json";
export const TASKS_FILE = "meta/tasks.parquet";
export const EPISODES_FOLDER = "meta/episodes";
export const DATA_FOLDER = "data";
export const VIDEOS_FOLDER = "videos";
/** LeRobot does not read it, nor what else stands beside its own files. */
export const CARD_FILE = "README.md";
/** Ours: which episodes have gaps. LeRobot fetches `meta/` as a whole, and reads nothing there that it does not know. */
export const GAPS_FILE = "meta/gaps.json";

/** How data files are named, in the language of Python's `format`. */
export const DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
const EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";

/** Where a file of many stands: its chunk, and its number there, from 0. */
export interface Place {
  readonly chunk: number;
  readonly file: number;
}

/** The path of a data file below the dataset's folder. */
export function dataFile(place: Place, pattern = DATA_PATH): string {
  return filled(pattern, { chunk_index: place.chunk, file_index: place.file });
}

/** The path of a file of episodes' rows below the dataset's folder. */
export function episodesFile(place: Place): string {
  return dataFile(place, EPISODES_PATH);
}

/** The path of a camera's video below the dataset's folder. */
export function videoFile(pattern: string, key: string, place: Place): string {
  return filled(pattern.replaceAll("{video_key}", key), { chunk_index: place.chunk, file_index: place.file });
}

/** The place after another. */
export function placeAfter({ chunk, file }: Place, chunkSize: number): Place {
  return file + 1 >= chunkSize ? { chunk: chunk + 1, file: 0 } : { chunk, file: file + 1 };
}

/** The place that a path ends with; undefined where it is none of the names that are made here. */
export function placeIn(path: string): Place | undefined {
  const [, chunk, file] = /chunk-(\d+)\/file-(\d+)\.\w+$/.exec(path) ?? [];
  return file === undefined ? undefined : { chunk: Number(chunk), file: Number(file) };
}

function filled(pattern: string, values: Readonly<Record<string, number>>): string {
  return pattern.replaceAll(/\{(\w+)(?::0(\d)d)?\}/g, (found, name: string, width = "0") =>
    values[name] === undefined ? found : String(values[name]).padStart(Number(width), "0"),
  );
}

/** A column of the data, as `meta/info.json` describes it. */
export interface Feature {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly names?: unknown;
}

const names = JOINTS.map((joint) => `${joint}.pos`);
const positions: Feature = { dtype: "float32", shape: [JOINT_COUNT], names };

/** The columns that every dataset has, LeRobot's, in its order. */
export const DEFAULT_FEATURES = {
  timestamp: { dtype: "float32", shape: [1], names: null },
  frame_index: { dtype: "int64", shape: [1], names: null },
  episode_index: { dtype: "int64", shape: [1], names: null },
  index: { dtype: "int64", shape: [1], names: null },
  task_index: { dtype: "int64", shape: [1], names: null },
} as const satisfies Readonly<Record<string, Feature>>;

/**
 * The columns of a pair without cameras, in the order of the files: what was asked of the follower, where it was, and what
 * every dataset has.
 */
export const FEATURES = {
  action: positions,
  "observation.state": positions,
  ...DEFAULT_FEATURES,
} as const satisfies Readonly<Record<string, Feature>>;

/** A column that a pair of these arms has not, or lacks, or has otherwise; undefined where there is none. */
export function otherColumn(features: Readonly<Record<string, Feature>>): string | undefined {
  const [ours, theirs] = [Object.entries(FEATURES), Object.entries(features)];
  const at = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) => index).find(
    (index) => {
      const [[name, feature] = [], [otherName, other] = []] = [ours[index], theirs[index]];
      return name !== otherName || !isSame(feature, other);
    },
  );
  return at === undefined ? undefined : (theirs[at]?.[0] ?? ours[at]?.[0]);
}

function isSame(one: Feature | undefined, other: Feature | undefined): boolean {
  const gist = (feature: Feature | undefined) => [feature?.dtype, feature?.shape, feature?.names ?? null];
  return JSON.stringify(gist(one)) === JSON.stringify(gist(other));
}

/** Whether LeRobot's name of a robot is that of an SO-100 or SO-101 follower, of any of its versions; or none is said. */
export function isOurRobot(robotType: string | null): boolean {
  return robotType === null || /^so(10[01])?_follower$/.test(robotType);
}
