/** Datasets for tests: ours as the recorder writes them, and some as LeRobot itself does. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DecodedArray, SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { DatasetWriter } from "../../src/dataset/writer.ts";
import { episodeOf, recorded } from "./episodes.ts";

const made: string[] = [];
/** A new folder for one test's files; {@link removeTestFolders} removes it. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "so101-dataset-"));
  made.push(folder);
  return folder;
}

/** Removes all folders that were made for tests: for `afterAll`. */
export function removeTestFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Makes a dataset of ours with episodes of these lengths, and returns its folder. */
export async function ourDataset(
  lengths: readonly number[],
  dir = join(testFolder(), "set"),
): Promise<string> {
  const writer = await DatasetWriter.create(dir, recorded);
  try {
    for (const [at, length] of lengths.entries()) await writer.saveEpisode(episodeOf(length, at + 1));
  } finally {
    writer.close();
  }
  return dir;
}

/** A column of a Parquet file: `[]` for a list in each row. */
export interface TestColumn {
  readonly name: string;
  readonly type: "FLOAT" | "DOUBLE" | "INT64" | "INT32" | "TEXT";
  readonly list?: true;
  readonly data: DecodedArray;
}

/** Writes a Parquet file with row groups of these sizes. */
export function writeParquet(
  path: string,
  columns: readonly TestColumn[],
  groups: readonly number[] = [columns[0]!.data.length],
  kvMetadata: { key: string; value: string }[] = [],
): void {
  const schema = columns.flatMap(({ name, type, list }): SchemaElement[] => {
    const element = type === "TEXT" ? ({ type: "BYTE_ARRAY", converted_type: "UTF8" } as const) : { type };
    if (!list) return [{ name, repetition_type: "OPTIONAL", ...element }];
    return [
      { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "OPTIONAL", ...element },
    ];
  });
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [{ name: "schema", num_children: columns.length }, ...schema],
    kvMetadata,
  });
  let start = 0;
  for (const size of groups) {
    const columnData = columns.map(({ name, data }) => ({ name, data: data.slice(start, start + size) }));
    parquet.write({ columnData, rowGroupSize: size });
    start += size;
  }
  parquet.finish();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, new Uint8Array(writer.getBuffer()));
}

/** An episode as {@link lerobotDataset} has it. */
export interface TestEpisode {
  readonly length: number;
  readonly task: string;
}

/** What makes a dataset of LeRobot's another than the plain one. */
export interface LeRobotOptions {
  readonly fps?: number;
  readonly robotType?: string;
  /** Cameras, each with a video for all episodes. */
  readonly cameras?: readonly string[];
  /** What is added to, or replaced in, `info.json`. */
  readonly info?: Readonly<Record<string, unknown>>;
  /** The sizes of the row groups of the data; one an episode where nothing is said. */
  readonly groups?: readonly number[];
  /** Which statistics the episodes' rows have. */
  readonly rowStatistics?: readonly string[];
}

/** Those that LeRobot's converter of older datasets writes. */
export const STATISTICS_WITHOUT_QUANTILES = ["min", "max", "mean", "std", "count"];
const STATISTICS = [...STATISTICS_WITHOUT_QUANTILES, "q01", "q10", "q50", "q90", "q99"];

/**
 * A dataset as LeRobot 0.6 writes it: all episodes in one file, rows of all of them in another, the metadata of `datasets`, and
 * whatever a camera brings. Built from what its files are known to be, not by our writer.
 */
export function lerobotDataset(
  episodes: readonly TestEpisode[],
  {
    fps = 30,
    robotType = "so_follower",
    cameras = [],
    info = {},
    groups,
    rowStatistics = STATISTICS,
  }: LeRobotOptions = {},
): string {
  const dir = join(testFolder(), "lerobot");
  const lengths = episodes.map(({ length }) => length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const starts = lengths.map((_, at) => lengths.slice(0, at).reduce((sum, length) => sum + length, 0));
  const tasks = [...new Set(episodes.map(({ task }) => task))];
  const frames = lengths.flatMap((length, episode) =>
    Array.from({ length }, (_, frame) => ({ episode, frame, index: starts[episode]! + frame })),
  );
  const value = (index: number, joint: number) => Math.fround(50 * Math.sin(index / 20 + joint));
  const vectors = (lag: number) =>
    frames.map(({ index }) => Array.from({ length: 6 }, (_, joint) => value(index - lag, joint)));
  const ints = (of: (frame: (typeof frames)[number]) => number) => frames.map((frame) => BigInt(of(frame)));
  const numbers: Record<string, number[][]> = {
    action: vectors(0),
    "observation.state": vectors(2),
    timestamp: frames.map(({ frame }) => [Math.fround(frame / fps)]),
    frame_index: frames.map(({ frame }) => [frame]),
    episode_index: frames.map(({ episode }) => [episode]),
    index: frames.map(({ index }) => [index]),
    task_index: frames.map(({ episode }) => [tasks.indexOf(episodes[episode]!.task)]),
  };
  const data: TestColumn[] = [
    { name: "action", type: "FLOAT", list: true, data: numbers.action! },
    { name: "observation.state", type: "FLOAT", list: true, data: numbers["observation.state"]! },
    { name: "timestamp", type: "FLOAT", data: frames.map(({ frame }) => frame / fps) },
    { name: "frame_index", type: "INT64", data: ints(({ frame }) => frame) },
    { name: "episode_index", type: "INT64", data: ints(({ episode }) => episode) },
    { name: "index", type: "INT64", data: ints(({ index }) => index) },
    {
      name: "task_index",
      type: "INT64",
      data: ints(({ episode }) => tasks.indexOf(episodes[episode]!.task)),
    },
  ];
  const huggingface = {
    info: { features: { action: { feature: { dtype: "float32" }, length: 6, _type: "List" } } },
  };
  writeParquet(join(dir, "data/chunk-000/file-000.parquet"), data, groups ?? lengths, [
    { key: "huggingface", value: JSON.stringify(huggingface) },
  ]);

  /** By the plain definitions, with quantiles that are exact. */
  const statsOf = (rows: readonly number[][], shape: (values: number[]) => unknown = (values) => values) => {
    const each = (of: (column: number[]) => number) =>
      shape(rows[0]!.map((_, at) => of(rows.map((row) => row[at]!).toSorted((a, b) => a - b))));
    const mean = (column: number[]) => column.reduce((sum, one) => sum + one, 0) / column.length;
    const quantile = (share: number) => each((column) => column[Math.floor(share * (column.length - 1))]!);
    return {
      ...{ min: each((column) => column[0]!), max: each((column) => column.at(-1)!), mean: each(mean) },
      std: each((column) => Math.sqrt(mean(column.map((one) => (one - mean(column)) ** 2)))),
      count: [rows.length],
      ...{
        q01: quantile(0.01),
        q10: quantile(0.1),
        q50: quantile(0.5),
        q90: quantile(0.9),
        q99: quantile(0.99),
      },
    };
  };
  const picture = statsOf(
    [
      [0.1, 0.2, 0.3],
      [0.5, 0.6, 0.7],
    ],
    (values) => values.map((one) => [[one]]),
  );
  const all = (rowsOf: (column: string) => number[][]) => ({
    ...Object.fromEntries(Object.keys(numbers).map((column) => [column, statsOf(rowsOf(column))])),
    ...Object.fromEntries(cameras.map((camera) => [`observation.images.${camera}`, picture])),
  });
  const perEpisode = episodes.map((_, at) =>
    all((column) => numbers[column]!.slice(starts[at], starts[at]! + lengths[at]!)),
  );
  const int = (name: string, of: (at: number) => number): TestColumn => ({
    ...{ name, type: "INT64" },
    data: episodes.map((_, at) => BigInt(of(at))),
  });
  const rows: TestColumn[] = [
    int("episode_index", (at) => at),
    { name: "tasks", type: "TEXT", list: true, data: episodes.map(({ task }) => [task]) },
    int("length", (at) => lengths[at]!),
    ...[int("data/chunk_index", () => 0), int("data/file_index", () => 0)],
    ...[
      int("dataset_from_index", (at) => starts[at]!),
      int("dataset_to_index", (at) => starts[at]! + lengths[at]!),
    ],
    ...cameras.flatMap((camera): TestColumn[] => [
      int(`videos/observation.images.${camera}/chunk_index`, () => 0),
      int(`videos/observation.images.${camera}/file_index`, () => 0),
      {
        ...{ name: `videos/observation.images.${camera}/from_timestamp`, type: "DOUBLE" },
        data: starts.map((start) => start / fps),
      },
      {
        ...{ name: `videos/observation.images.${camera}/to_timestamp`, type: "DOUBLE" },
        data: starts.map((start, at) => (start + lengths[at]!) / fps),
      },
    ]),
    ...Object.keys(numbers).flatMap((column) =>
      rowStatistics.map((key): TestColumn => {
        const lists = perEpisode.map(
          (one) => (one as Record<string, Record<string, number[]>>)[column]![key]!,
        );
        return key === "count"
          ? {
              name: `stats/${column}/${key}`,
              type: "INT64",
              list: true,
              data: lists.map((list) => list.map(BigInt)),
            }
          : { name: `stats/${column}/${key}`, type: "DOUBLE", list: true, data: lists };
      }),
    ),
    ...[int("meta/episodes/chunk_index", () => 0), int("meta/episodes/file_index", () => 0)],
  ];
  writeParquet(join(dir, "meta/episodes/chunk-000/file-000.parquet"), rows);
  writeTasks(dir, tasks);

  const names = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"].map(
    (joint) => `${joint}.pos`,
  );
  const positions = { dtype: "float32", shape: [6], names };
  const whole = { dtype: "int64", shape: [1], names: null };
  const video = {
    dtype: "video",
    shape: [480, 640, 3],
    names: ["height", "width", "channels"],
    info: { "video.fps": fps },
  };
  for (const camera of cameras) {
    const path = join(dir, `videos/observation.images.${camera}/chunk-000/file-000.mp4`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, mp4(total, fps));
  }
  writeJson(
    join(dir, "meta/stats.json"),
    all((column) => numbers[column]!),
  );
  writeJson(join(dir, "meta/info.json"), {
    ...{ codebase_version: "v3.0", fps },
    features: {
      ...{ action: positions, "observation.state": positions },
      ...Object.fromEntries(cameras.map((camera) => [`observation.images.${camera}`, video])),
      timestamp: { dtype: "float32", shape: [1], names: null },
      ...{ frame_index: whole, episode_index: whole, index: whole, task_index: whole },
    },
    ...{ total_episodes: episodes.length, total_frames: total, total_tasks: tasks.length },
    ...{ chunks_size: 1000, data_files_size_in_mb: 100, video_files_size_in_mb: 200 },
    data_path: "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    video_path:
      cameras.length === 0 ? null : "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
    ...{ robot_type: robotType, splits: { train: `0:${episodes.length}` } },
    ...info,
  });
  return dir;
}

/** The boxes of an MP4 file of so many frames, as they are for a video that is stored, without pictures that could be decoded. */
export function mp4(
  frames: number,
  perSecond: number,
  pictures = 1_000,
  indexAt: "end" | "beginning" = "end",
): Buffer {
  const box = (type: string, ...content: Buffer[]) => {
    const bytes = Buffer.concat(content);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + bytes.length);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, bytes]);
  };
  const words = (...all: number[]) => {
    const bytes = Buffer.alloc(4 * all.length);
    for (const [at, word] of all.entries()) bytes.writeUInt32BE(word, 4 * at);
    return bytes;
  };
  const track = (handler: string, scale: number, duration: number, samples: number) =>
    box(
      "trak",
      box("tkhd", Buffer.alloc(84)),
      box(
        "mdia",
        box("mdhd", words(0, 0, 0, scale, duration, 0)),
        box("hdlr", words(0, 0), Buffer.from(handler), Buffer.alloc(13)),
        box(
          "minf",
          box(
            "stbl",
            box("stts", words(0, 1, samples, duration / samples)),
            box("stsz", words(0, 7, samples)),
          ),
        ),
      ),
    );
  const type = box("ftyp", Buffer.from("isomiso2"), words(512));
  const data = box("mdat", Buffer.alloc(pictures));
  const index = box(
    "moov",
    box("mvhd", Buffer.alloc(100)),
    track("soun", 8_000, 8_000, 50),
    track("vide", 512 * perSecond, 512 * frames, frames),
  );
  return Buffer.concat(indexAt === "end" ? [type, data, index] : [type, index, data]);
}

/** Writes tasks as pandas does. */
export function writeTasks(
  dir: string,
  tasks: readonly string[],
  index: readonly unknown[] = ["task"],
): void {
  writeParquet(
    join(dir, "meta/tasks.parquet"),
    [
      { name: "task_index", type: "INT64", data: tasks.map((_, at) => BigInt(at)) },
      { name: "task", type: "TEXT", data: [...tasks] },
    ],
    [tasks.length],
    [{ key: "pandas", value: JSON.stringify({ index_columns: index, columns: [] }) }],
  );
}

/** Writes JSON. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
}
