import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { parquetMetadata } from "hyparquet";
import { DatasetWriter } from "../../src/dataset/writer.ts";
import { removeTestFolders, testFolder } from "../support/datasets.ts";
import { episodeOf, motion, recorded } from "../support/episodes.ts";

setDefaultTimeout(60_000);
afterAll(removeTestFolders);

// Everything here is seen by a reader that is not ours: DuckDB, or the bytes themselves.
const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
const query = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRowObjectsJson();

const lengths = [40, 1, 75];
const dir = join(testFolder(), "set");
const writer = await DatasetWriter.create(dir, recorded);
await writer.saveEpisode(episodeOf(40, 1));
await writer.saveEpisode(episodeOf(1, 2, { task: "Put it back – à côté" }));
await writer.saveEpisode(episodeOf(75, 3, { gaps: [{ from: 10, frames: 2 }] }));
writer.close();

const json = (path: string) => JSON.parse(readFileSync(join(dir, path), "utf8"));
const data = `read_parquet('${dir}/data/*/*.parquet')`;
const episodes = `read_parquet('${dir}/meta/episodes/*/*.parquet')`;
const number = (value: unknown) => Number(value);

test("the tree is LeRobot's: files of chunks, one an episode, and nothing under a temporary name", () => {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
  expect(files.toSorted()).toEqual(
    [
      ...[0, 1, 2].map((n) => `data/chunk-000/file-00${n}.parquet`),
      ...[0, 1, 2].map((n) => `meta/episodes/chunk-000/file-00${n}.parquet`),
      ...["README.md", "meta/info.json", "meta/stats.json", "meta/tasks.parquet", "meta/gaps.json"],
    ].toSorted(),
  );
});

test("info.json has LeRobot's keys, and no other", () => {
  const names = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"].map(
    (joint) => `${joint}.pos`,
  );
  const positions = { dtype: "float32", shape: [6], names };
  const whole = { dtype: "int64", shape: [1], names: null };
  expect(json("meta/info.json")).toEqual({
    codebase_version: "v3.0",
    robot_type: "so_follower",
    total_episodes: 3,
    total_frames: 116,
    total_tasks: 2,
    chunks_size: 1000,
    data_files_size_in_mb: 100,
    video_files_size_in_mb: 200,
    fps: 30,
    splits: { train: "0:3" },
    data_path: "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    video_path: null,
    features: {
      action: positions,
      "observation.state": positions,
      timestamp: { dtype: "float32", shape: [1], names: null },
      ...{ frame_index: whole, episode_index: whole, index: whole, task_index: whole },
    },
  });
});

test("the features of info.json are the columns of the data, in that order, of LeRobot's types", async () => {
  const described = await query(`describe select * from ${data}`);
  expect(described.map(({ column_name, column_type }) => [column_name, column_type])).toEqual([
    ["action", "FLOAT[]"],
    ["observation.state", "FLOAT[]"],
    ["timestamp", "FLOAT"],
    ["frame_index", "BIGINT"],
    ["episode_index", "BIGINT"],
    ["index", "BIGINT"],
    ["task_index", "BIGINT"],
  ]);
  expect(Object.keys(json("meta/info.json").features)).toEqual(
    described.map(({ column_name }) => column_name as string),
  );
  const schema = await query(`select name, type, repetition_type, num_children, converted_type
    from parquet_schema('${dir}/data/chunk-000/file-000.parquet')`);
  // A list of three levels, as Arrow writes it.
  expect(schema.slice(1, 4)).toEqual([
    { name: "action", type: null, repetition_type: "OPTIONAL", num_children: "1", converted_type: "LIST" },
    { name: "list", type: null, repetition_type: "REPEATED", num_children: "1", converted_type: null },
    { name: "element", type: "FLOAT", repetition_type: "OPTIONAL", num_children: null, converted_type: null },
  ]);
  for (const column of schema.slice(7)) expect(column.repetition_type).toBe("OPTIONAL");
});

test("an independent reader sees every frame as it was recorded", async () => {
  const rows = await query(`select * from ${data} order by "index"`);
  expect(rows).toHaveLength(116);
  let index = 0;
  for (const [episode, length] of lengths.entries()) {
    const { action, state } = motion(length, episode + 1);
    for (let frame = 0; frame < length; frame++, index++) {
      const row = rows[index]!;
      expect(row.action).toEqual([...action.subarray(6 * frame, 6 * frame + 6)]);
      expect(row["observation.state"]).toEqual([...state.subarray(6 * frame, 6 * frame + 6)]);
      expect(row.timestamp).toBe(Math.fround(frame / 30));
      expect([row.frame_index, row.episode_index, row.index, row.task_index].map(number)).toEqual([
        ...[frame, episode, index],
        episode === 1 ? 1 : 0,
      ]);
    }
  }
});

test("one row group an episode, Snappy", async () => {
  for (const [at, length] of lengths.entries()) {
    const groups = await query(`select distinct row_group_id, row_group_num_rows, compression
      from parquet_metadata('${dir}/data/chunk-000/file-00${at}.parquet')`);
    expect(groups).toEqual([{ row_group_id: "0", row_group_num_rows: `${length}`, compression: "SNAPPY" }]);
  }
});

test("the tasks have their texts as pandas' index, by the one metadata that LeRobot cannot do without", async () => {
  const path = `${dir}/meta/tasks.parquet`;
  expect(await query(`select * from read_parquet('${path}')`)).toEqual([
    { task_index: "0", task: "Put the cube into the box" },
    { task_index: "1", task: "Put it back – à côté" },
  ]);
  const [found] = await query(
    `select decode(value) as value from parquet_kv_metadata('${path}') where decode(key) = 'pandas'`,
  );
  const pandas = JSON.parse(found!.value as string);
  expect(pandas.index_columns).toEqual(["task"]);
  expect(pandas.columns.map(({ name, pandas_type }: Record<string, string>) => [name, pandas_type])).toEqual([
    ["task_index", "int64"],
    ["task", "unicode"],
  ]);
});

test("each episode has its row, with its place, its part of the frames and its statistics", async () => {
  const rows = await query(`select * from ${episodes} order by episode_index`);
  const starts = [0, 40, 41];
  for (const [at, row] of rows.entries()) {
    expect(number(row.episode_index)).toBe(at);
    expect(row.tasks).toEqual([at === 1 ? "Put it back – à côté" : "Put the cube into the box"]);
    expect(["length", "dataset_from_index", "dataset_to_index"].map((key) => number(row[key]))).toEqual([
      ...[lengths[at]!, starts[at]!],
      starts[at]! + lengths[at]!,
    ]);
    expect(["data/chunk_index", "data/file_index"].map((key) => number(row[key]))).toEqual([0, at]);
    expect(["meta/episodes/chunk_index", "meta/episodes/file_index"].map((key) => number(row[key]))).toEqual([
      0,
      at,
    ]);
    expect((row["stats/action/count"] as unknown[]).map(number)).toEqual([lengths[at]!]);
  }
  const types = new Map(
    (await query(`describe select * from ${episodes}`)).map((row) => [row.column_name, row.column_type]),
  );
  for (const feature of Object.keys(json("meta/info.json").features)) {
    for (const key of ["min", "max", "mean", "std", "q01", "q10", "q50", "q90", "q99"]) {
      expect(types.get(`stats/${feature}/${key}`)).toBe("DOUBLE[]");
    }
    expect(types.get(`stats/${feature}/count`)).toBe("BIGINT[]");
  }
  expect(types.get("tasks")).toBe("VARCHAR[]");
});

test("the statistics of each column are those that an independent reader computes", async () => {
  const stats = json("meta/stats.json");
  expect(Object.keys(stats)).toEqual(Object.keys(json("meta/info.json").features));
  for (const joint of [0, 5]) {
    const [truth] = await query(`select min(v) as "min", max(v) as "max", avg(v) as mean, stddev_pop(v) as std
      from (select action[${joint + 1}]::double as v from ${data})`);
    for (const key of ["min", "max", "mean", "std"]) {
      expect(stats.action[key][joint]).toBeCloseTo(truth![key] as number, 9);
    }
  }
  expect(stats.index).toMatchObject({ min: [0], max: [115], count: [116], mean: [57.5] });
  expect(stats.timestamp.max[0]).toBe(Math.fround(74 / 30));
  for (const { count } of Object.values<{ count: number[] }>(stats)) expect(count).toEqual([116]);
});

test("the card says robot, units and frames a second, for people and for programs", () => {
  const card = readFileSync(join(dir, "README.md"), "utf8");
  expect(card).toStartWith("---\n");
  expect(card).toContain("\nso101_units: degrees\n");
  for (const said of ["so_follower", "30 frames a second", "degrees from the middle", "so101 0."]) {
    expect(card).toContain(said);
  }
  // What the Hub reads of it.
  const frontMatter = Bun.YAML.parse(card.split("---\n")[1]!) as Record<string, unknown>;
  expect(frontMatter).toMatchObject({
    tags: ["LeRobot"],
    task_categories: ["robotics"],
    so101_units: "degrees",
  });
});

test("gaps stand in a file of ours, which LeRobot does not read", () => {
  expect(json("meta/gaps.json")).toEqual({ gaps: { "2": [{ from: 10, frames: 2 }] } });
});

test("the 1001st file begins another chunk", async () => {
  const many = join(testFolder(), "set");
  const first = await DatasetWriter.create(many, recorded);
  await first.saveEpisode(episodeOf(1));
  first.close();
  // As after 1000 episodes: what counts is where the last file is.
  const info = JSON.parse(readFileSync(join(many, "meta/info.json"), "utf8"));
  await Bun.write(join(many, "meta/info.json"), JSON.stringify({ ...info, chunks_size: 1 }));
  const next = await DatasetWriter.resume(many, recorded);
  await next.saveEpisode(episodeOf(2));
  next.close();
  expect(existsSync(join(many, "data/chunk-001/file-000.parquet"))).toBe(true);
  expect(existsSync(join(many, "meta/episodes/chunk-001/file-000.parquet"))).toBe(true);
  expect(await query(`select count(*)::int as rows from read_parquet('${many}/data/*/*.parquet')`)).toEqual([
    { rows: 3 },
  ]);
});

test("an hour of joints at 30 frames a second takes 6 MB at most", async () => {
  const hour = join(testFolder(), "set");
  const recorder = await DatasetWriter.create(hour, recorded);
  // A twelfth of an hour, in episodes of a minute.
  for (let minute = 0; minute < 5; minute++) await recorder.saveEpisode(episodeOf(1_800, minute));
  recorder.close();
  const bytes = readdirSync(hour, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + Bun.file(join(entry.parentPath, entry.name)).size, 0);
  expect(bytes).toBeLessThan(6e6 / 12);
});

test("the footers name who wrote the files", async () => {
  const bytes = await Bun.file(join(dir, "data/chunk-000/file-000.parquet")).arrayBuffer();
  expect(parquetMetadata(bytes).created_by).toMatch(/^so101 \d/);
});
