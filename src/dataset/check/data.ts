/** Checks of the data: each file's columns and row groups, and every frame of every episode. */
import type { SchemaElement } from "hyparquet";
import type { DataFiles, EpisodeData } from "../episode-data.ts";
import type { DatasetInfo } from "../info.ts";
import type { Table } from "../parquet/read.ts";
import type { StoredRow } from "../rows.ts";
import type { Stats } from "../stats.ts";
import { framesStats, numericColumns } from "../stored-stats.ts";
import type { Found } from "./finding.ts";

/** What the frames of the episodes are, as far as they could be read. */
export interface CheckedData {
  readonly found: readonly Found[];
  /** The statistics of the frames of each episode whose frames are sound. */
  readonly stats: ReadonlyMap<number, Stats>;
}

/** Checks the data of all episodes. `unusable` makes a finding of what was thrown. */
export async function checkData(
  files: DataFiles,
  info: DatasetInfo,
  rows: readonly StoredRow[],
  tasks: readonly string[],
  unusable: (error: unknown) => Found,
): Promise<CheckedData> {
  const found: Found[] = [];
  const stats = new Map<number, Stats>();
  const seen = new Set<string>();
  let before = { path: "", end: 0 };
  for (const row of rows) {
    try {
      const { path, table, episodes } = await files.fileOf(row);
      let isSound = true;
      if (!seen.has(path)) {
        seen.add(path);
        const wrong = checkColumns(table, path, info);
        found.push(...wrong, ...checkGroups(table, path, episodes));
        isSound = !wrong.some(({ kind }) => kind === "no column" || kind === "column type");
      }
      if (!isSound) continue;
      const data = await files.episode(row);
      const follows =
        data.path === before.path ? data.start === before.end : data.path > before.path && data.start === 0;
      if (!follows) found.push({ kind: "file order", episode: row.episode, file: data.path });
      before = { path: data.path, end: data.start + row.length };
      found.push(...(await checkFrames(data, row, tasks, info)));
      stats.set(row.episode, await framesStats(data, numericColumns(info), row.length));
    } catch (error) {
      found.push(unusable(error));
    }
  }
  return { found, stats };
}

/** Each column of `info.json` must be there, of a type that can be made the one it says; pictures in videos are no columns. */
export function checkColumns(table: Table, file: string, { features }: DatasetInfo): Found[] {
  const found: Found[] = [];
  for (const [column, { dtype, shape }] of Object.entries(features)) {
    if (dtype === "video") continue;
    const leaves = table.leavesOf(column);
    if (leaves.length === 0) {
      found.push({ kind: "no column", column, file });
      continue;
    }
    const isList = table.isList(column);
    const [leaf] = leaves;
    if (dtype === "image") continue;
    const wantsList = !(shape.length === 1 && shape[0] === 1) && dtype !== "string" && dtype !== "language";
    if (dtype !== "language" && (isList !== wantsList || !isCastable(leaf!, dtype))) {
      const has = `${leaf!.type ?? "a group"}${isList ? "[]" : ""}`;
      found.push({
        kind: "column type",
        column,
        file,
        has,
        wanted: wantsList ? `${dtype}[${shape}]` : dtype,
      });
    }
  }
  for (const column of table.columns) {
    if (features[column] === undefined || features[column].dtype === "video") {
      found.push({ kind: "extra column", column, file });
    }
  }
  return found;
}

function isCastable({ type, converted_type, logical_type }: SchemaElement, dtype: string): boolean {
  if (type === undefined) return false;
  if (dtype === "bool") return type === "BOOLEAN";
  if (dtype === "string") return type === "BYTE_ARRAY";
  if (/^u?int\d+$/.test(dtype)) return type === "INT32" || type === "INT64";
  const isHalf = type === "FIXED_LEN_BYTE_ARRAY" && logical_type?.type === "FLOAT16";
  return ["FLOAT", "DOUBLE", "INT32", "INT64"].includes(type) && converted_type !== "DECIMAL" ? true : isHalf;
}

/** One row group an episode, so that a part of an episode can be fetched by itself. */
function checkGroups(table: Table, file: string, episodes: readonly number[]): Found[] {
  let at = 0;
  for (const rows of table.groups) {
    const [first, last] = [episodes[at], episodes[at + rows - 1]];
    const isOne = rows > 0 && first === last && episodes[at - 1] !== first && episodes[at + rows] !== first;
    if (!isOne) return [{ kind: "row groups", file }];
    at += rows;
  }
  return [];
}

/** The columns that a rule gives, frame by frame. One finding a column: what follows is wrong as well. */
async function checkFrames(
  data: EpisodeData,
  row: StoredRow,
  tasks: readonly string[],
  { fps }: DatasetInfo,
): Promise<Found[]> {
  const { episode, from } = row;
  const rules: Readonly<Record<string, (frame: number) => number>> = {
    timestamp: (frame) => Math.fround(frame / fps),
    frame_index: (frame) => frame,
    episode_index: () => episode,
    index: (frame) => from + frame,
  };
  const found: Found[] = [];
  for (const [column, rule] of Object.entries(rules)) {
    const values = await data.numbers(column, 1);
    const tolerance = column === "timestamp" ? TIME_TOLERANCE_S : 0;
    const frame = values.findIndex((value, at) => Math.abs(value - rule(at)) > tolerance);
    if (frame !== -1) {
      found.push({ kind: "value", column, episode, frame, has: values[frame]!, wanted: rule(frame) });
    }
  }
  const numbers = await data.numbers("task_index", 1);
  const frame = numbers.findIndex((number) => !row.tasks.includes(tasks[number] ?? ""));
  if (frame !== -1) found.push({ kind: "frame task", episode, frame, has: numbers[frame]! });
  return found;
}

/** LeRobot finds a picture by its time, and takes one that is so far away, no further. */
const TIME_TOLERANCE_S = 1e-4;
