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
  /** The columns of that file. LeRobot takes those of the first one for those of all. */
  readonly columns: ReadonlySet<string>;
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
  const features = detail === "with statistics" ? describedBy(columns) : [];
  const wanted = [
    ...["episode_index", "length", "dataset_from_index", "dataset_to_index"],
    ...["data", "meta/episodes", ...cameras.map((camera) => `videos/${camera}`)].flatMap(placeColumns),
    ...cameras.flatMap((camera) => [`videos/${camera}/from_timestamp`, `videos/${camera}/to_timestamp`]),
  ];
  const missing = wanted.find((name) => !columns.has(name));
  if (missing !== undefined) throw damaged(`it has no column ${missing}`);
  const records = await table.records([
    ...wanted,
    ...(columns.has("tasks") ? ["tasks"] : []),
    ...features.flatMap((feature) => STAT_KEYS.map((key) => `stats/${feature}/${key}`)),
  ]);
  return records.map((record): StoredRow => {
    const number = (name: string) => {
      const value = record[name];
      if (typeof value === "bigint" || typeof value === "number") return Number(value);
      throw damaged(`${name} has something that is no number`);
    };
    const place = (what: string) => ({
      chunk: number(`${what}/chunk_index`),
      file: number(`${what}/file_index`),
    });
    const part = (what: string) => ({
      ...place(what),
      ...{ fromS: number(`${what}/from_timestamp`), toS: number(`${what}/to_timestamp`) },
    });
    return {
      ...{ path, columns, episode: number("episode_index"), length: number("length") },
      ...{ from: number("dataset_from_index"), to: number("dataset_to_index") },
      ...{ tasks: textsOf(record.tasks), data: place("data"), row: place("meta/episodes") },
      stats: Object.fromEntries(features.map((feature) => [feature, statsOf(record, feature)])),
      videos: Object.fromEntries(cameras.map((camera) => [camera, part(`videos/${camera}`)])),
    };
  });
}

const placeColumns = (what: string) => [`${what}/chunk_index`, `${what}/file_index`];

/** The columns of the data of which rows have all statistics. */
function describedBy(columns: ReadonlySet<string>): string[] {
  return [...columns].flatMap((name) => {
    const feature = /^stats\/(.+)\/mean$/.exec(name)?.[1];
    const isWhole = feature !== undefined && STAT_KEYS.every((key) => columns.has(`stats/${feature}/${key}`));
    return isWhole ? [feature] : [];
  });
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

function statsOf(record: Readonly<Record<string, unknown>>, feature: string): ColumnStats {
  const lists = STAT_KEYS.map((key) => [key, flat(record[`stats/${feature}/${key}`])] as const);
  return Object.fromEntries(lists) as unknown as ColumnStats;
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
