/** Statistics as files have them, and those of an episode, computed anew where its row has none. */
import * as v from "valibot";
import type { DataFiles, EpisodeData } from "./episode-data.ts";
import { type DatasetInfo, jsonText } from "./info.ts";
import type { StoredRow } from "./rows.ts";
import { type ColumnStats, columnStats, STAT_KEYS, type Stats } from "./stats.ts";

const listSchema = v.record(v.string(), v.record(v.string(), v.unknown()));

/** What `meta/stats.json` says of each column, as far as that is numbers; undefined where it is no such file. */
export type StoredStats = Readonly<Record<string, Partial<ColumnStats>>>;

/** Reads the text of `meta/stats.json`. */
export function parseStats(text: string | undefined): StoredStats | undefined {
  if (text === undefined) return undefined;
  try {
    const columns = Object.entries(v.parse(listSchema, JSON.parse(text)));
    return Object.fromEntries(
      columns.map(([column, values]) => {
        const lists = STAT_KEYS.map((key) => [key, numbersOf(values[key])] as const);
        return [column, Object.fromEntries(lists.filter(([, list]) => list !== undefined))];
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
export async function episodeStatsOf(files: DataFiles, info: DatasetInfo, row: StoredRow): Promise<Stats> {
  const columns = numericColumns(info);
  if (columns.every(({ name }) => row.stats[name]?.count[0] === row.length)) return row.stats;
  return { ...row.stats, ...(await framesStats(await files.episode(row), columns, row.length)) };
}

/** The statistics of an episode's frames. Throws {@link DatasetError}. */
export async function framesStats(
  data: EpisodeData,
  columns: ReturnType<typeof numericColumns>,
  length: number,
): Promise<Stats> {
  const stats: Record<string, ColumnStats> = {};
  for (const { name, width } of columns) {
    stats[name] = columnStats(await data.numbers(name, width), width, length);
  }
  return stats;
}

/** Statistics as `meta/stats.json` has them: those of pictures have a list for each colour's rows and columns. */
export function statsText(stats: Stats, { features }: DatasetInfo): string {
  const isPicture = (column: string) => ["image", "video"].includes(features[column]?.dtype ?? "");
  return jsonText(
    Object.fromEntries(
      Object.entries(stats).map(([column, values]) => {
        if (!isPicture(column)) return [column, values];
        const lists = STAT_KEYS.map((key) => [
          key,
          key === "count" ? values[key] : values[key].map((one) => [[one]]),
        ]);
        return [column, Object.fromEntries(lists)];
      }),
    ),
  );
}
