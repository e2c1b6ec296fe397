/** What counts of a dataset that is recorded into: what its next episode follows on. */
import { type Beyond, findBeyond, lastPlaces } from "./beyond.ts";
import { readText } from "./files.ts";
import { dataFile, episodesFile, GAPS_FILE, type Place, placeAfter } from "./format.ts";
import { type Gaps, parseGaps } from "./gaps.ts";
import type { DatasetInfo } from "./info.ts";
import type { Stats } from "./stats.ts";

/** Everything that a writer knows of what it has written. */
export interface Written {
  readonly info: DatasetInfo;
  readonly tasks: readonly string[];
  readonly stats: Stats;
  readonly gaps: Gaps;
  /** Where the last data file and the last row are; undefined where there is none yet. */
  readonly lastData: Place | undefined;
  readonly lastRow: Place | undefined;
  /** The columns that rows have, where there are some: LeRobot loads none of them when one has another. */
  readonly rowColumns?: ReadonlySet<string> | undefined;
}

const START: Place = { chunk: 0, file: 0 };

/** Where the next episode's data and its row go. */
export function nextPlaces({ info, lastData, lastRow }: Written): {
  readonly data: Place;
  readonly row: Place;
} {
  const next = (place: Place | undefined) =>
    place === undefined ? START : placeAfter(place, info.chunks_size);
  return { data: next(lastData), row: next(lastRow) };
}

/** The files that will be the next episode's alone. */
export function ownFiles(written: Written) {
  const { data, row } = nextPlaces(written);
  return [dataFile(data, written.info.data_path), episodesFile(row)] as const;
}

/** What counts of a dataset by an `info.json`, and what lies beyond that. Throws {@link DatasetError}. */
export async function whatCounts(
  dir: string,
  info: DatasetInfo,
): Promise<{ readonly written: Written; readonly beyond: Beyond }> {
  const { rows, tasks, stats, beyond } = await findBeyond(dir, info);
  const all = parseGaps(readText(dir, GAPS_FILE) ?? "{}") ?? new Map();
  const gaps = new Map([...all].filter(([episode]) => episode < info.total_episodes));
  const { data: lastData, row: lastRow } = lastPlaces(dir, info, rows);
  const written = { info, tasks, stats, gaps, lastData, lastRow, rowColumns: rows[0]?.columns };
  return { written, beyond };
}
