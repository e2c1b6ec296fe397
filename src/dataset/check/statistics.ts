/** Checks of statistics: those of `stats.json`, and those in the episodes' rows, against the frames themselves. */
import type { DatasetInfo } from "../info.ts";
import type { StoredRow } from "../rows.ts";
import { type ColumnStats, QUANTILES, type Stats, togetherStats } from "../stats.ts";
import { numericColumns, type StoredStats } from "../stored-stats.ts";
import type { Found } from "./finding.ts";

/** LeRobot computes in 32 bits: of large numbers that vary little, the deviation loses most of its digits. */
const RELATIVE = 1e-4;
const RELATIVE_VARIANCE = 1e-5;

const QUANTILE_KEYS = Object.keys(QUANTILES) as (keyof typeof QUANTILES)[];

/** Checks the statistics of all episodes together, where those of every episode's frames are known. */
export function checkStats(
  stored: StoredStats | undefined,
  info: DatasetInfo,
  frames: ReadonlyMap<number, Stats>,
): Found[] {
  if (stored === undefined) return [{ kind: "no statistics" }];
  const together = frames.size === info.total_episodes ? togetherStats([...frames.values()]) : undefined;
  const found: Found[] = [];
  for (const { name: column, width } of numericColumns(info)) {
    const has = stored[column];
    const isWhole = BASIC.every((key) => has?.[key]?.length === (key === "count" ? 1 : width));
    if (has === undefined || !isWhole) {
      found.push({ kind: "column statistics", column });
      continue;
    }
    if (QUANTILE_KEYS.some((key) => has[key]?.length !== width)) found.push({ kind: "no quantiles", column });
    const [count] = has.count!;
    if (count !== info.total_frames) {
      // What a recorder was about to add is put right by a repair.
      if (count! < info.total_frames) {
        found.push({
          kind: "statistics",
          column,
          key: "count",
          episode: undefined,
          has: count!,
          wanted: info.total_frames,
        });
      }
    } else if (together?.[column] !== undefined) {
      found.push(...differences(has as ColumnStats, together[column], column, undefined));
    }
  }
  for (const [column, { dtype }] of Object.entries(info.features)) {
    const isPicture = dtype === "video" || dtype === "image";
    if (isPicture && stored[column]?.mean === undefined) found.push({ kind: "column statistics", column });
  }
  return found;
}

/** Checks the statistics in the rows, from which LeRobot's tools make those of parts of a dataset. */
export function checkRowStats(
  rows: readonly StoredRow[],
  info: DatasetInfo,
  frames: ReadonlyMap<number, Stats>,
): Found[] {
  return rows.flatMap((row): Found[] => {
    const { episode } = row;
    const columns = numericColumns(info).map(({ name }) => name);
    if (columns.some((column) => row.stats[column] === undefined))
      return [{ kind: "row statistics", episode }];
    const wanted = frames.get(episode);
    if (wanted === undefined) return [];
    return columns.flatMap((column) => differences(row.stats[column]!, wanted[column]!, column, episode));
  });
}

/** What is numbered anew when an episode is deleted, or datasets are merged. Nobody normalises it. */
const RENUMBERED: ReadonlySet<string> = new Set(["episode_index", "index", "task_index"]);

/** Has what became of numbers alone found once, in place of each figure. */
export function withRenumbered(found: readonly Found[]): Found[] {
  const isRenumbered = (one: Found): one is Extract<Found, { kind: "statistics" }> =>
    one.kind === "statistics" && one.key !== "count" && RENUMBERED.has(one.column);
  const columns = new Set(found.filter(isRenumbered).map(({ column }) => column));
  const others = found.filter((one) => !isRenumbered(one));
  return columns.size === 0 ? others : [...others, { kind: "renumbered", columns: [...columns] }];
}

const BASIC = ["min", "max", "mean", "std", "count"] as const;

/** The first figure that is another one than that of the frames. Quantiles of several episodes have no one true value. */
function differences(
  has: ColumnStats,
  wanted: ColumnStats,
  column: string,
  episode: number | undefined,
): Found[] {
  const differs = (key: keyof ColumnStats, at: number) => {
    const [one, other] = [has[key][at] ?? Number.NaN, wanted[key][at]!];
    const size = Math.max(Math.abs(wanted.min[at]!), Math.abs(wanted.max[at]!), 1e-6);
    if (key === "count") return one !== other;
    if (key === "std") return !(Math.abs(one ** 2 - other ** 2) <= RELATIVE_VARIANCE * size ** 2);
    return !(Math.abs(one - other) <= RELATIVE * size);
  };
  const isOutside = (key: keyof ColumnStats, at: number) => {
    const [value, slack] = [
      has[key]?.[at],
      RELATIVE * Math.max(Math.abs(wanted.min[at]!), Math.abs(wanted.max[at]!), 1e-6),
    ];
    return value !== undefined && !(value >= wanted.min[at]! - slack && value <= wanted.max[at]! + slack);
  };
  /** However they were put together, of two quantiles that of the larger share is not the less. */
  const isDisordered = (key: keyof typeof QUANTILES, at: number) => {
    const before = QUANTILE_KEYS[QUANTILE_KEYS.indexOf(key) - 1];
    const [one, less] = [has[key]?.[at], before && has[before]?.[at]];
    const slack = RELATIVE * Math.max(Math.abs(wanted.min[at]!), Math.abs(wanted.max[at]!), 1e-6);
    return one !== undefined && less !== undefined && one < less - slack;
  };
  const one = (key: keyof ColumnStats, at: number): Found[] => [
    { kind: "statistics", column, key, episode, has: has[key][at] ?? Number.NaN, wanted: wanted[key][at]! },
  ];
  for (const key of BASIC) {
    for (const at of wanted[key].keys()) if (differs(key, at)) return one(key, at);
  }
  for (const key of QUANTILE_KEYS) {
    for (const at of wanted.min.keys()) if (isOutside(key, at) || isDisordered(key, at)) return one(key, at);
  }
  return [];
}
