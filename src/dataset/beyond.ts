/**
 * What lies beyond `meta/info.json`: what a recorder had already put in place when it was ended before the episode counted.
 * Such an episode was never said to be saved, and the next one takes its place.
 */
import type { GuardedFolder } from "../linux/guarded/folder.ts";
import { nameBehindTemporary } from "../linux/temporary.ts";
import { unsoundRows } from "./dataset.ts";
import { DataFiles } from "./episode-data.ts";
import { filesBelow, namesIn, readTable, readText } from "./files.ts";
import {
  DATA_FOLDER,
  dataFile,
  EPISODES_FOLDER,
  episodesFile,
  GAPS_FILE,
  type Place,
  placeAfter,
  placeIn,
  STATS_FILE,
  TASKS_FILE,
  VIDEOS_FOLDER,
  videoFile,
} from "./format.ts";
import { gapsText, parseGaps } from "./gaps.ts";
import type { DatasetInfo } from "./info.ts";
import { Table } from "./parquet/read.ts";
import { tasksParquet } from "./parquet/write.ts";
import { type NewFile, placeInOrder, removeFiles } from "./place.ts";
import { DatasetError } from "./problem.ts";
import { camerasOf, readRows, readTasks, type StoredRow } from "./rows.ts";
import { type Stats, togetherStats } from "./stats.ts";
import { episodeStatsOf, parseStats, type StoredStats, statsText } from "./stored-stats.ts";

/** What is to be done so that nothing lies beyond `info.json`. */
export interface Beyond {
  /** The paths of files that hold nothing that counts. */
  readonly remove: readonly string[];
  /** Files that say more than counts, as they are to be. */
  readonly rewrite: readonly NewFile[];
}

/** What counts: the rows of the episodes, their tasks, their statistics together. */
export interface Counted {
  readonly rows: readonly StoredRow[];
  readonly tasks: readonly string[];
  readonly stats: Stats;
  readonly beyond: Beyond;
}

/**
 * Looks for what lies beyond `info.json`; `all` are the rows with their statistics, where they were read already. Throws {@link DatasetError}: a file that counts cannot be read, or what counts is not
 * there as a whole, so that nobody can say what is beyond it.
 */
export async function findBeyond(
  dir: string,
  info: DatasetInfo,
  all?: readonly StoredRow[],
): Promise<Counted> {
  const unsound = (fact: string) => new DatasetError({ kind: "unsound", dir, fact });
  const cameras = camerasOf(info.features);
  const stored = all ?? (await readRows(dir, cameras, "with statistics"));
  const fact = unsoundRows(stored, info);
  if (fact !== undefined) throw unsound(fact);
  const rows = stored.slice(0, info.total_episodes);
  const frames = rows.reduce((sum, { length }) => sum + length, 0);
  if (frames !== info.total_frames) {
    throw unsound(`meta/info.json counts ${info.total_frames} frames, and its episodes have ${frames}`);
  }
  const remove = [
    ...temporaryFiles(dir),
    ...others(
      filesBelow(dir, EPISODES_FOLDER, "parquet"),
      rows.map(({ path }) => path),
    ),
    ...others(
      filesBelow(dir, DATA_FOLDER, "parquet"),
      rows.map(({ data }) => dataFile(data, info.data_path)),
    ),
    ...cameras.flatMap((camera) =>
      others(
        filesBelow(dir, `${VIDEOS_FOLDER}/${camera}`, "mp4"),
        rows.map(({ videos }) => videoFile(info.video_path ?? "", camera, videos[camera]!)),
      ),
    ),
  ];
  const mixed = stored.slice(info.total_episodes).find(({ path }) => rows.some((row) => row.path === path));
  if (mixed !== undefined) throw unsound(`${mixed.path} has episodes that meta/info.json counts, and others`);
  await requireFrames(dir, info, rows);

  const { texts: tasks, numbers } = (await readTasks(dir)) ?? { texts: [], numbers: [] };
  if (tasks.length < info.total_tasks) {
    throw unsound(`meta/info.json counts ${info.total_tasks} tasks, and ${TASKS_FILE} has ${tasks.length}`);
  }
  const row = numbers.slice(0, info.total_tasks).findIndex((number, at) => number !== at);
  if (row !== -1)
    throw unsound(`row ${row} of ${TASKS_FILE} is of task ${numbers[row]}: they must follow each other`);
  const counted = tasks.slice(0, info.total_tasks);
  const lacking = rows.flatMap((one) => one.tasks).find((task) => !counted.includes(task));
  if (lacking !== undefined) {
    throw unsound(`an episode that counts is of a task that does not: ${JSON.stringify(lacking)}`);
  }
  const stats = await countedStats(dir, info, rows);
  const gaps = parseGaps(readText(dir, GAPS_FILE) ?? "{}");
  const gapsWithin = new Map([...(gaps ?? [])].filter(([episode]) => episode < info.total_episodes));
  const rewrite: NewFile[] = [
    ...(tasks.length > counted.length ? [{ path: TASKS_FILE, bytes: tasksParquet(counted) }] : []),
    ...(hasOtherCounts(parseStats(readText(dir, STATS_FILE)), stats)
      ? [{ path: STATS_FILE, bytes: statsText(stats, info) }]
      : []),
    ...(gaps !== undefined && gapsWithin.size < gaps.size
      ? [{ path: GAPS_FILE, bytes: gapsText(gapsWithin) }]
      : []),
  ];
  return { rows, tasks: counted, stats, beyond: { remove, rewrite } };
}

/** Does what {@link findBeyond} has found to be done. Throws {@link DatasetError}. */
export async function removeBeyond(root: GuardedFolder, { remove, rewrite }: Beyond): Promise<void> {
  removeFiles(root, remove);
  await placeInOrder(root, rewrite);
}

/** Where the last of the files that count are: nothing is overwritten after these, and what is added is read last. */
export interface LastPlaces {
  /** Undefined where there is none yet. */
  readonly data: Place | undefined;
  readonly row: Place | undefined;
}

/** Finds that. Throws {@link DatasetError} where files have names after which no further one would be read last. */
export function lastPlaces(dir: string, info: DatasetInfo, rows: readonly StoredRow[]): LastPlaces {
  const data = latest(rows.map((row) => row.data));
  // Tools of LeRobot's put rows together, and leave in them where they stood.
  const row = latest(rows.flatMap(({ path, row }) => [row, placeIn(path) ?? row]));
  if (data === undefined || row === undefined) return { data, row };
  const next = {
    data: dataFile(placeAfter(data, info.chunks_size), info.data_path),
    row: episodesFile(placeAfter(row, info.chunks_size)),
  };
  const later =
    rows.map((one) => dataFile(one.data, info.data_path)).find((path) => path >= next.data) ??
    rows.map(({ path }) => path).find((path) => path >= next.row);
  if (later === undefined) return { data, row };
  const fact = `after ${later} no further file would be read as the last one`;
  throw new DatasetError({ kind: "unsound", dir, fact });
}

function latest(places: readonly Place[]): Place | undefined {
  return places.toSorted((a, b) => a.chunk - b.chunk || a.file - b.file).at(-1);
}

function others(all: readonly string[], counted: readonly string[]): string[] {
  const within = new Set(counted);
  return all.filter((path) => !within.has(path));
}

/** What a program that was ended had not yet given its name, wherever we write. Throws {@link DatasetError}. */
export function temporaryFiles(dir: string): string[] {
  const chunks = [DATA_FOLDER, EPISODES_FOLDER].flatMap((folder) =>
    namesIn(dir, folder)
      .filter((name) => !name.includes("."))
      .map((name) => `${folder}/${name}`),
  );
  return ["", "meta", ...chunks].flatMap((folder) =>
    namesIn(dir, folder)
      .filter((name) => nameBehindTemporary(name) !== undefined)
      .map((name) => (folder === "" ? name : `${folder}/${name}`)),
  );
}

/** Throws where the files of the data have not as many frames as the rows say: what looks superfluous may be theirs. */
async function requireFrames(dir: string, info: DatasetInfo, rows: readonly StoredRow[]): Promise<void> {
  for (const path of new Set(rows.map(({ data }) => dataFile(data, info.data_path)))) {
    const bytes = readTable(dir, path);
    const wanted = rows
      .filter(({ data }) => dataFile(data, info.data_path) === path)
      .reduce((sum, { length }) => sum + length, 0);
    const has = bytes === undefined ? 0 : new Table(bytes, dir, path).rows;
    if (has === wanted) continue;
    const fact = `${path} has ${has} frames in place of the ${wanted} that its episodes have`;
    throw new DatasetError({ kind: "unsound", dir, fact });
  }
}

async function countedStats(dir: string, info: DatasetInfo, rows: readonly StoredRow[]): Promise<Stats> {
  const files = new DataFiles(dir, info);
  const parts: Stats[] = [];
  for (const row of rows) parts.push(await episodeStatsOf(files, info, row));
  return togetherStats(parts);
}

/** Whether statistics are of another number of frames, or not there. */
function hasOtherCounts(stored: StoredStats | undefined, wanted: Stats): boolean {
  return Object.entries(wanted).some(([column, { count }]) => stored?.[column]?.count?.[0] !== count[0]);
}
