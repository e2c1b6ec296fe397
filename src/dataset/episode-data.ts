/** The frames of one episode in its data file, of whoever wrote that: alone in it, or among others. */
import type { DecodedArray } from "hyparquet";
import { readTable } from "./files.ts";
import { dataFile } from "./format.ts";
import type { DatasetInfo } from "./info.ts";
import { Table } from "./parquet/read.ts";
import { DatasetError } from "./problem.ts";
import type { StoredRow } from "./rows.ts";

/** The data files of a dataset; the one that was read last is kept, for the next episode may be in it, too. */
export class DataFiles {
  readonly #dir: string;
  readonly #info: DatasetInfo;
  #last: { readonly path: string; readonly table: Table; readonly episodes: readonly number[] } | undefined;

  constructor(dir: string, info: DatasetInfo) {
    this.#dir = dir;
    this.#info = info;
  }

  /** The file that an episode's row names, and the number of the episode of each of its rows. Throws {@link DatasetError}. */
  async fileOf(row: StoredRow) {
    const path = dataFile(row.data, this.#info.data_path);
    if (this.#last?.path === path) return this.#last;
    const bytes = readTable(this.#dir, path);
    if (bytes === undefined)
      throw damaged(this.#dir, path, `it is not there, and episode ${row.episode} should be in it`);
    const table = new Table(bytes, this.#dir, path);
    const episodes = Array.from(await table.column("episode_index"), Number);
    this.#last = { path, table, episodes };
    return this.#last;
  }

  /** An episode's frames. Throws {@link DatasetError} where there are not as many as its row says, one after the other. */
  async episode(row: StoredRow): Promise<EpisodeData> {
    const { path, table, episodes } = await this.fileOf(row);
    const [start, last] = [episodes.indexOf(row.episode), episodes.lastIndexOf(row.episode)];
    const frames = episodes.slice(Math.max(start, 0), last + 1).filter((one) => one === row.episode).length;
    if (frames !== row.length || last - start + 1 !== frames) {
      const fact = `it has ${frames} frames of episode ${row.episode}, in place of ${row.length} that follow each other`;
      throw damaged(this.#dir, path, fact);
    }
    return new EpisodeData(this.#dir, path, table, row, start);
  }
}

/** The frames of one episode. */
export class EpisodeData {
  readonly path: string;
  readonly table: Table;
  readonly #dir: string;
  readonly #row: StoredRow;
  readonly #read = new Map<string, Float64Array>();
  /** The row of its first frame in the file. */
  readonly start: number;

  constructor(dir: string, path: string, table: Table, row: StoredRow, start: number) {
    this.#dir = dir;
    this.path = path;
    this.table = table;
    this.#row = row;
    this.start = start;
  }

  /** A column as it stands, a value a frame. Throws {@link DatasetError}. */
  column(name: string): Promise<DecodedArray> {
    return this.table.column(name, this.start, this.start + this.#row.length);
  }

  /** A column of `width` numbers a frame, one after the other. Throws {@link DatasetError} where it has something else. */
  async numbers(name: string, width: number): Promise<Float64Array> {
    const values = this.#read.get(name) ?? this.#numbersOf(name, width, await this.column(name));
    this.#read.set(name, values);
    return values;
  }

  #numbersOf(name: string, width: number, column: DecodedArray): Float64Array {
    const isWhole = (value: unknown) =>
      width === 1 ? isNumber(value) : Array.isArray(value) && value.length === width && value.every(isNumber);
    const length = this.#row.length;
    // Before there is room for them: whoever wrote the file says how many there are.
    for (let frame = 0; frame < length; frame++) {
      if (isWhole(column[frame])) continue;
      const wanted = width === 1 ? "a number" : `${width} numbers`;
      const fact = `${name} of frame ${frame} of episode ${this.#row.episode} is not ${wanted}`;
      throw damaged(this.#dir, this.path, fact);
    }
    const values = new Float64Array(length * width);
    for (let frame = 0; frame < length; frame++) {
      const value: unknown = column[frame];
      if (width === 1) values[frame] = Number(value);
      else for (let at = 0; at < width; at++) values[frame * width + at] = Number((value as unknown[])[at]);
    }
    return values;
  }
}

function isNumber(value: unknown): boolean {
  return typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value));
}

function damaged(dir: string, path: string, fact: string): DatasetError {
  return new DatasetError({ kind: "damaged", dir, path: `${dir}/${path}`, fact });
}
