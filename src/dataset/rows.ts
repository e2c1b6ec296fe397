/** The rows of episodes and of tasks, read back: whoever wrote them, one episode a file or many. */

import { filesBelow, readTable } from "./files.ts";
import { EPISODES_FOLDER, type Feature, TASKS_FILE } from "./format.ts";
import { Table } from "./parquet/read.ts";
import type { EpisodeRow } from "./parquet/write.ts";
import { DatasetError } from "./problem.ts";
import { type ColumnStats, STAT_KEYS, type Stats } from "./stats.ts";

/** An episode's row as it stands: what may be missing in others' is undefined. */
export interface StoredRow extends Omit<EpisodeRow, "stats"> {
  /** The file that it stands in. */
  readonly path: string;
  /** As far as the row has them. */
  readonly stats: Stats;
  /** Where the episode is in each camera's videos. */
  readonly videos: Readonly<Record<string, VideoPart>>;
}

/** A part of a video: in which file, and from which second to which. */
export interface VideoPart {
  readonly chunk: number;
  readonly file: number;
  readonly fromS: number;
  readonly toS: number;
}

/** Whether the rows' statistics are read, too: of thousands of episodes that takes its time. */
export type Detail = "with statistics" | "without statistics";

/** The rows of all episodes, in the order in which LeRobot reads them. Throws {@link DatasetError}. */
export async function readRows(
  dir: string,
  cameras: readonly string[],
  detail: Detail,
): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  for (const path of filesBelow(dir, EPISODES_FOLDER, "parquet")) {
    const bytes = readTable(dir, path);
    if (bytes !== undefined)
      rows.push(...(await rowsOf(new Table(bytes, dir, path), dir, path, cameras, detail)));
  }
  return rows;
}

async function rowsOf(table: Table, dir: string, path: string, cameras: readonly string[], detail: Detail) {
  const columns = new Set(table.columns);
  const damaged = (fact: string) => new DatasetError({ kind: "damaged", dir, path: `${dir}/${path}`, fact });
  const numbers = async (name: string) => {
    if (!columns.has(name)) throw damaged(`it has no column ${name}`);
    return Array.from(await table.column(name), (value) => {
      if (typeof value !== "bigint" && typeof value !== "number")
        throw damaged(`${name} has something that is no number`);
      return Number(value);
    });
  };
  const places = async (what: string) => ({
    chunk: await numbers(`${what}/chunk_index`),
    file: await numbers(`${what}/file_index`),
  });
  const episodes = await numbers("episode_index");
  const tasks = columns.has("tasks") ? await table.column("tasks") : [];
  const lengths = await numbers("length");
  const [data, row] = [await places("data"), await places("meta/episodes")];
  const [from, to] = [await numbers("dataset_from_index"), await numbers("dataset_to_index")];
  const videos = await Promise.all(
    cameras.map(async (camera) => ({
      camera,
      place: await places(`videos/${camera}`),
      fromS: await numbers(`videos/${camera}/from_timestamp`),
      toS: await numbers(`videos/${camera}/to_timestamp`),
    })),
  );
  const stats = await statsOf(table, detail === "with statistics" ? columns : new Set());
  return episodes.map(
    (episode, at): StoredRow => ({
      ...{ path, episode, length: lengths[at]!, from: from[at]!, to: to[at]! },
      tasks: textsOf(tasks[at]),
      data: { chunk: data.chunk[at]!, file: data.file[at]! },
      row: { chunk: row.chunk[at]!, file: row.file[at]! },
      stats: stats[at]!,
      videos: Object.fromEntries(
        videos.map(({ camera, place, fromS, toS }) => [
          camera,
          { chunk: place.chunk[at]!, file: place.file[at]!, fromS: fromS[at]!, toS: toS[at]! },
        ]),
      ),
    }),
  );
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

/** The statistics in each row, of the columns that have all of them. */
async function statsOf(table: Table, columns: ReadonlySet<string>): Promise<Record<string, ColumnStats>[]> {
  const rows: Record<string, ColumnStats>[] = Array.from({ length: table.rows }, () => ({}));
  for (const name of columns) {
    const feature = /^stats\/(.+)\/mean$/.exec(name)?.[1];
    if (feature === undefined || !STAT_KEYS.every((key) => columns.has(`stats/${feature}/${key}`))) continue;
    const values = await Promise.all(STAT_KEYS.map((key) => table.column(`stats/${feature}/${key}`)));
    for (const [at, row] of rows.entries()) {
      const lists = STAT_KEYS.map((key, index) => [key, flat(values[index]![at])] as const);
      row[feature] = Object.fromEntries(lists) as unknown as ColumnStats;
    }
  }
  return rows;
}

/** Numbers however deep they are: those of pictures are lists of lists. */
function flat(value: unknown): number[] {
  return [value]
    .flat(5 as 1)
    .map((one) => (typeof one === "bigint" ? Number(one) : typeof one === "number" ? one : Number.NaN));
}

/** The tasks by their number, and whether pandas, and so LeRobot, would find them by their text. */
export interface StoredTasks {
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
  readonly hasIndex: boolean;
}

/** Reads `meta/tasks.parquet`; undefined where it is not there. Throws {@link DatasetError}. */
export async function readTasks(dir: string): Promise<StoredTasks | undefined> {
  const bytes = readTable(dir, TASKS_FILE);
  if (bytes === undefined) return undefined;
  const table = new Table(bytes, dir, TASKS_FILE);
  const pandas = parsed(table.note("pandas"));
  // Where pandas wrote an index without a name, its column is called so.
  const name = ["task", "__index_level_0__"].find((one) => table.columns.includes(one));
  const damaged = (fact: string) =>
    new DatasetError({ kind: "damaged", dir, path: `${dir}/${TASKS_FILE}`, fact });
  if (name === undefined || !table.columns.includes("task_index"))
    throw damaged("it has no columns task and task_index");
  return {
    texts: Array.from(await table.column(name), String),
    numbers: Array.from(await table.column("task_index"), Number),
    hasIndex: pandas.length === 1 && pandas[0] === name,
  };
}

/** The columns of pandas' index, by its metadata. */
function parsed(pandas: string | undefined): unknown[] {
  try {
    const { index_columns: columns } = JSON.parse(pandas ?? "{}") as { index_columns?: unknown };
    return Array.isArray(columns) ? columns : [];
  } catch {
    return [];
  }
}

/** The cameras among the columns: what is in videos, and not in the data. */
export function camerasOf(features: Readonly<Record<string, Feature>>): string[] {
  return Object.entries(features).flatMap(([name, { dtype }]) => (dtype === "video" ? [name] : []));
}
