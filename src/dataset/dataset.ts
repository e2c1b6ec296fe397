/** What is in a dataset: what it says of itself, its episodes, and the positions of one of them. */
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { unitsOfCard } from "./card.ts";
import { isFolder, readTable, readText } from "./files.ts";
import { CARD_FILE, dataFile, GAPS_FILE, INFO_FILE } from "./format.ts";
import { type Gap, parseGaps } from "./gaps.ts";
import { type DatasetInfo, parseInfo } from "./info.ts";
import { Table } from "./parquet/read.ts";
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
  const text = readText(dir, INFO_FILE);
  if (text !== undefined) return parseInfo(text, dir);
  throw new DatasetError({ kind: isFolder(dir) ? "no dataset" : "missing", dir });
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
  const path = dataFile(row.data, info.data_path);
  const damaged = (fact: string) => new DatasetError({ kind: "damaged", dir, path: `${dir}/${path}`, fact });
  const bytes = readTable(dir, path);
  if (bytes === undefined) throw damaged("it is missing");
  const table = new Table(bytes, dir, path);
  const all = await table.column("episode_index");
  const start = all.findIndex((episode) => Number(episode) === number);
  const end = start + row.length;
  if (
    start === -1 ||
    end > table.rows ||
    Number(all[end - 1]) !== number ||
    Number(all[end] ?? -1) === number
  ) {
    throw damaged(`it has not the ${row.length} frames of episode ${number}`);
  }
  const vectors = async (name: string) => {
    const [width = 0] = info.features[name]?.shape ?? [];
    const values = new Float32Array(row.length * width);
    for (const [at, vector] of (await table.column(name, start, end)).entries()) {
      const isWhole = vector?.length === width && Array.from(vector as number[]).every(Number.isFinite);
      if (!isWhole) throw damaged(`${name} of frame ${at} of episode ${number} is not ${width} numbers`);
      values.set(vector, at * width);
    }
    return values;
  };
  return {
    ...{ length: row.length, fps: info.fps, names: namesOf(info.features.action?.names) },
    ...{ actions: await vectors("action"), states: await vectors("observation.state") },
    timestamps: Float32Array.from(await table.column("timestamp", start, end), Number),
  };
}

function namesOf(names: unknown): string[] {
  return Array.isArray(names) ? names.map(String) : [];
}
