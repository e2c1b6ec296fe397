/** What is in a dataset: what it says of itself, its episodes, and the positions of one of them. */
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { unitsOfCard } from "./card.ts";
import { DataFiles } from "./episode-data.ts";
import { isFolder, readText } from "./files.ts";
import { CARD_FILE, GAPS_FILE, INFO_FILE } from "./format.ts";
import { type Gap, parseGaps } from "./gaps.ts";
import { type DatasetInfo, parseInfo } from "./info.ts";
import { DatasetError } from "./problem.ts";
import { camerasOf, readRows, readTasks, type StoredRow } from "./rows.ts";

/** An episode of a dataset. */
export interface Episode {
  readonly number: number;
  /** Frames. */
  readonly length: number;
  readonly tasks: readonly string[];
  /** The number of its first frame in the whole dataset, and of the first one after it. */
  readonly from: number;
  readonly to: number;
  /** Frames that were lost when it was recorded. */
  readonly gaps: readonly Gap[];
}

/** What a dataset has. */
export interface Dataset {
  readonly dir: string;
  readonly info: DatasetInfo;
  /** In which units positions are; undefined where its card does not say. */
  readonly units: NormalisationMode | undefined;
  readonly tasks: readonly string[];
  readonly episodes: readonly Episode[];
}

/** Reads what a dataset says of itself. Throws {@link DatasetError}. */
export function readInfo(dir: string): DatasetInfo {
  if (!isFolder(dir)) throw new DatasetError({ kind: "missing", dir });
  const text = readText(dir, INFO_FILE);
  if (text === undefined) throw new DatasetError({ kind: "no dataset", dir });
  return parseInfo(text, dir);
}

/** The units that a dataset's card names; undefined where it names none, or there is none. Throws {@link DatasetError}. */
export function readUnits(dir: string): NormalisationMode | undefined {
  const card = readText(dir, CARD_FILE);
  return card === undefined ? undefined : unitsOfCard(card);
}

/** Reads what is in a dataset, but for its frames. What lies beyond `info.json` is left out. Throws {@link DatasetError}. */
export async function readDataset(dir: string): Promise<Dataset> {
  const info = readInfo(dir);
  const rows = await rowsWithin(dir, info);
  const gaps = parseGaps(readText(dir, GAPS_FILE) ?? "{}");
  return {
    ...{ dir, info, units: readUnits(dir) },
    tasks: (await readTasks(dir))?.texts.slice(0, info.total_tasks) ?? [],
    episodes: rows.map(({ episode, length, tasks, from, to }) => ({
      ...{ number: episode, length, tasks, from, to },
      gaps: gaps?.get(episode) ?? [],
    })),
  };
}

/** The rows of the episodes that `info.json` counts. Throws {@link DatasetError}. */
async function rowsWithin(dir: string, info: DatasetInfo): Promise<StoredRow[]> {
  if (info.total_episodes === 0) return [];
  const rows = (await readRows(dir, camerasOf(info.features), "without statistics")).slice(
    0,
    info.total_episodes,
  );
  const fact = unsoundRows(rows, info);
  if (fact !== undefined) throw new DatasetError({ kind: "unsound", dir, fact });
  return rows;
}

/** Why rows are not those of the episodes that `info.json` counts; undefined when they are. */
export function unsoundRows(rows: readonly StoredRow[], info: DatasetInfo): string | undefined {
  if (rows.length < info.total_episodes) {
    return `meta/info.json counts ${info.total_episodes} episodes, and meta/episodes has ${rows.length}`;
  }
  const wrong = rows.slice(0, info.total_episodes).findIndex(({ episode }, at) => episode !== at);
  return wrong === -1
    ? undefined
    : `row ${wrong} of meta/episodes is of episode ${rows[wrong]!.episode}: they must follow each other`;
}

/** An episode's frames; `width` numbers follow each other for each frame. */
export interface EpisodeFrames {
  readonly length: number;
  readonly fps: number;
  /** Actions: how many numbers each has, and what they are called: `shoulder_pan.pos`. */
  readonly names: readonly string[];
  readonly actions: Float32Array;
  readonly states: Float32Array;
  /** Seconds since the episode's first frame. */
  readonly timestamps: Float32Array;
}

/** Reads an episode's frames. Throws {@link DatasetError}. */
export async function readEpisode(dir: string, number: number): Promise<EpisodeFrames> {
  const info = readInfo(dir);
  const row = (await rowsWithin(dir, info))[number];
  if (row === undefined) {
    throw new DatasetError({ kind: "no episode", dir, episode: number, episodes: info.total_episodes });
  }
  const data = await new DataFiles(dir, info).episode(row);
  const numbers = async (name: string) =>
    Float32Array.from(await data.numbers(name, info.features[name]?.shape[0] ?? 0));
  return {
    ...{ length: row.length, fps: info.fps, names: namesOf(info.features.action?.names) },
    ...{ actions: await numbers("action"), states: await numbers("observation.state") },
    timestamps: await numbers("timestamp"),
  };
}

function namesOf(names: unknown): string[] {
  return Array.isArray(names) ? names.map(String) : [];
}
