/** The Parquet files of a dataset, as bytes: columns and types as LeRobot's, Snappy, one row group. */
import type { DecodedArray, KeyValue, SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { JOINT_COUNT } from "../../arm/joints.ts";
import { FEATURES, type Place, WRITER } from "../format.ts";
import { STAT_KEYS, type Stats } from "../stats.ts";

/** What a column's values are; `[]` has some of them in each row. */
type ColumnType = "float" | "int" | "text" | "float[]" | "double[]" | "int[]" | "text[]";

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Of each row one, made when they are written. Whole numbers are BigInt. */
  data(): DecodedArray;
}

/** Columns of more rows are made and written one at a time: what is left of one is given back before the next. */
const MANY_ROWS = 1_000;

const elements = {
  float: { type: "FLOAT" },
  double: { type: "DOUBLE" },
  int: { type: "INT64" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
} as const satisfies Readonly<Record<string, Partial<SchemaElement>>>;

function schemaOf({ name, type }: Column): SchemaElement[] {
  const element = elements[type.replace("[]", "") as keyof typeof elements];
  if (!type.endsWith("[]")) return [{ name, repetition_type: "OPTIONAL", ...element }];
  return [
    { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "OPTIONAL", ...element },
  ];
}

function parquetOf(columns: readonly Column[], rows: number, metadata: readonly KeyValue[] = []): Buffer {
  const bytes = parquetWriteBuffer({
    schema: [{ name: "schema", num_children: columns.length }, ...columns.flatMap(schemaOf)],
    columnData: columns.map(({ name, type, data }) => ({
      name,
      get data() {
        if (rows > MANY_ROWS) Bun.gc(true);
        return data();
      },
      // Numbers that count up are all but nothing as differences, and eight bytes each otherwise.
      ...(type === "int" ? { encoding: "DELTA_BINARY_PACKED" as const } : {}),
    })),
    codec: "SNAPPY",
    // Of a single row, least and largest say nothing.
    statistics: rows > 1,
    rowGroupSize: rows,
    kvMetadata: [...metadata],
    createdBy: WRITER,
  });
  return Buffer.from(bytes);
}

/** The frames of an episode: six positions follow each other for each of `length` frames. */
export interface Frames {
  /** The leader's reading, normalised, before any limit: what was asked of the follower. */
  readonly action: Float32Array;
  /** Where the follower was, normalised. */
  readonly state: Float32Array;
  readonly length: number;
}

/** Which episode it is, and the number of its first frame in the whole dataset. */
export interface EpisodePlace {
  readonly episode: number;
  readonly fromIndex: number;
  readonly taskIndex: number;
}

/** The columns of an episode that are numbers, as they are in the file: one value a frame. */
export function countColumns(length: number, fps: number, { episode, fromIndex, taskIndex }: EpisodePlace) {
  const column = (of: (frame: number) => number) => Float64Array.from({ length }, (_, frame) => of(frame));
  return {
    // LeRobot's own time, not when it was read.
    timestamp: Float32Array.from({ length }, (_, frame) => frame / fps),
    frame_index: column((frame) => frame),
    episode_index: column(() => episode),
    index: column((frame) => fromIndex + frame),
    task_index: column(() => taskIndex),
  };
}

/** The data file of one episode. */
export function dataParquet(
  { action, state, length }: Frames,
  counts: ReturnType<typeof countColumns>,
): Buffer {
  const values: Readonly<Record<keyof typeof FEATURES, () => DecodedArray>> = {
    action: () => rowsOf(action, length),
    "observation.state": () => rowsOf(state, length),
    timestamp: () => counts.timestamp,
    frame_index: () => whole(counts.frame_index),
    episode_index: () => whole(counts.episode_index),
    index: () => whole(counts.index),
    task_index: () => whole(counts.task_index),
  };
  const columns = Object.entries(FEATURES).map(([name, { dtype, shape }]): Column => {
    const type = dtype === "int64" ? "int" : shape[0] === 1 ? "float" : "float[]";
    return { name, type, data: values[name as keyof typeof FEATURES] };
  });
  return parquetOf(columns, length);
}

/** Six positions a row, made when they are read: a list for each of thousands of frames would take many times their bytes. */
class Rows {
  readonly length: number;
  readonly #values: Float32Array;

  constructor(values: Float32Array, length: number) {
    this.#values = values;
    this.length = length;
  }

  slice(start: number, end: number): Rows {
    return new Rows(this.#values.subarray(start * JOINT_COUNT), Math.min(end, this.length) - start);
  }

  /** Always the same list, with the next row's values: the encoder takes them out at once. */
  *[Symbol.iterator](): Generator<number[]> {
    const row = new Array<number>(JOINT_COUNT);
    for (let at = 0; at < this.length * JOINT_COUNT; at += JOINT_COUNT) {
      for (let joint = 0; joint < JOINT_COUNT; joint++) row[joint] = this.#values[at + joint]!;
      yield row;
    }
  }
}

function rowsOf(values: Float32Array, length: number): DecodedArray {
  return new Rows(values, length) as unknown as DecodedArray;
}

function whole(values: ArrayLike<number>): BigInt64Array {
  return BigInt64Array.from(values, BigInt);
}

/** What an episode's row says. */
export interface EpisodeRow {
  readonly episode: number;
  readonly tasks: readonly string[];
  /** Frames. */
  readonly length: number;
  readonly data: Place;
  /** The number of its first frame in the whole dataset, and of the first one after it. */
  readonly from: number;
  readonly to: number;
  /** Where this row stands. */
  readonly row: Place;
  readonly stats: Stats;
}

/** The file of one episode's row; where `known` says which columns there are, with no others. */
export function episodeParquet(episode: EpisodeRow, known?: ReadonlySet<string>): Buffer {
  const int = (name: string, value: number): Column => ({ name, type: "int", data: () => whole([value]) });
  const stats = Object.entries(episode.stats).flatMap(([feature, values]) =>
    STAT_KEYS.map((key): Column => {
      const name = `stats/${feature}/${key}`;
      if (key === "count") return { name, type: "int[]", data: () => [values[key].map(BigInt)] };
      return { name, type: "double[]", data: () => [[...values[key]]] };
    }),
  );
  const tasks: Column = { name: "tasks", type: "text[]", data: () => [[...episode.tasks]] };
  const columns = [
    int("episode_index", episode.episode),
    tasks,
    int("length", episode.length),
    int("data/chunk_index", episode.data.chunk),
    int("data/file_index", episode.data.file),
    int("dataset_from_index", episode.from),
    int("dataset_to_index", episode.to),
    ...stats,
    int("meta/episodes/chunk_index", episode.row.chunk),
    int("meta/episodes/file_index", episode.row.file),
  ];
  return parquetOf(
    columns.filter(({ name }) => known?.has(name) ?? true),
    1,
  );
}

/**
 * The file of all tasks; a task's number is its row. LeRobot finds a task by pandas' index, which is known by this metadata
 * alone.
 */
export function tasksParquet(tasks: readonly string[]): Buffer {
  const columns: Column[] = [
    { name: "task_index", type: "int", data: () => whole(tasks.map((_, index) => index)) },
    { name: "task", type: "text", data: () => [...tasks] },
  ];
  const about = (name: string, kind: string, type: string) => ({
    ...{ name, field_name: name, pandas_type: kind, numpy_type: type, metadata: null },
  });
  const pandas = {
    index_columns: ["task"],
    column_indexes: [],
    columns: [about("task_index", "int64", "int64"), about("task", "unicode", "object")],
    creator: { library: WRITER.split(" ")[0], version: WRITER.split(" ")[1] },
    pandas_version: "2.2.3",
  };
  return parquetOf(columns, tasks.length, [{ key: "pandas", value: JSON.stringify(pandas) }]);
}
