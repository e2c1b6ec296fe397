/** Statistics as files have them, and those of an episode, computed anew where its row has none. */
import * as v from "valibot";
import { readTable } from "./files.ts";
import { dataFile } from "./format.ts";
import type { DatasetInfo } from "./info.ts";
import { Table } from "./parquet/read.ts";
import { DatasetError } from "./problem.ts";
import type { StoredRow } from "./rows.ts";
import { type ColumnStats, columnStats, STAT_KEYS, type Stats } from "./stats.ts";

const listSchema = v.record(v.string(), v.record(v.string(), v.unknown()));

/** What `meta/stats.json` says, of the columns of which it says all; undefined where it is no such file. */
export function parseStats(text: string | undefined): Stats | undefined {
  if (text === undefined) return undefined;
  try {
    const columns = Object.entries(v.parse(listSchema, JSON.parse(text)));
    return Object.fromEntries(
      columns.flatMap(([column, values]) => {
        const lists = STAT_KEYS.map((key) => [key, numbersOf(values[key])] as const);
        const isWhole = lists.every(([, list]) => list !== undefined);
        return isWhole ? [[column, Object.fromEntries(lists) as unknown as ColumnStats]] : [];
      }),
    );
  } catch {
    return undefined;
  }
}

/** Numbers however deep they are: those of pictures are lists of lists. */
function numbersOf(value: unknown): number[] | undefined {
  const all = Array.isArray(value) ? (value.flat(5) as unknown[]) : [];
  const isNumbers = all.length > 0 && all.every((one): one is number => typeof one === "number");
  return isNumbers ? all : undefined;
}

/** Columns that are numbers, as the data has them: of pictures there are none. */
export function numericColumns({
  features,
}: DatasetInfo): { readonly name: string; readonly width: number }[] {
  return Object.entries(features).flatMap(([name, { dtype, shape }]) =>
    /^(float|int|uint|bool)\d*$/.test(dtype) && shape.length === 1 ? [{ name, width: shape[0]! }] : [],
  );
}

/** The statistics of an episode: its row's, or, where that has not all, of its frames. Throws {@link DatasetError}. */
export async function episodeStatsOf(dir: string, info: DatasetInfo, row: StoredRow): Promise<Stats> {
  const columns = numericColumns(info);
  if (columns.every(({ name }) => row.stats[name]?.count[0] === row.length)) return row.stats;
  const path = dataFile(row.data, info.data_path);
  const damaged = (fact: string) => new DatasetError({ kind: "damaged", dir, path: `${dir}/${path}`, fact });
  const bytes = readTable(dir, path);
  if (bytes === undefined) throw damaged("it is missing");
  const table = new Table(bytes, dir, path);
  const start = Array.from(await table.column("episode_index"), Number).indexOf(row.episode);
  const stats: Record<string, ColumnStats> = { ...row.stats };
  for (const { name, width } of columns) {
    const values = await table.column(name, Math.max(start, 0), start + row.length);
    stats[name] = columnStats(Float64Array.from([...values].flat(), Number), width, row.length);
  }
  return stats;
}
