import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { DecodedArray } from "hyparquet";
import { checkDataset } from "../../src/dataset/check/check.ts";
import { Table } from "../../src/dataset/parquet/read.ts";
import { repairDataset } from "../../src/dataset/repair.ts";
import {
  lerobotDataset,
  mp4,
  ourDataset,
  removeTestFolders,
  type TestColumn,
  testFolder,
  writeJson,
  writeParquet,
  writeTasks,
} from "../support/datasets.ts";

setDefaultTimeout(60_000);
afterAll(removeTestFolders);

const sound = await ourDataset([12, 9, 15]);

/** A copy of a sound dataset, to be spoilt. */
function copy(of = sound): string {
  const dir = join(testFolder(), "set");
  cpSync(of, dir, { recursive: true });
  return dir;
}

const kinds = async (dir: string) => (await checkDataset(dir)).map(({ kind }) => kind);
const errors = async (dir: string) => (await checkDataset(dir)).filter(({ level }) => level === "error");

const readJson = (dir: string, path: string) => JSON.parse(readFileSync(join(dir, path), "utf8"));

function spoilInfo(dir: string, change: Record<string, unknown>) {
  writeJson(join(dir, "meta/info.json"), { ...readJson(dir, "meta/info.json"), ...change });
}

/** Writes a Parquet file anew, with some columns changed, left out or added. */
async function spoil(
  dir: string,
  path: string,
  change: (columns: Map<string, TestColumn>) => void,
  groups?: readonly number[],
) {
  const table = new Table(readFileSync(join(dir, path)), dir, path);
  const columns = new Map<string, TestColumn>();
  for (const name of table.columns) {
    const [{ type, converted_type } = { type: undefined, converted_type: undefined }] = table.leavesOf(name);
    columns.set(name, {
      name,
      type: converted_type === "UTF8" ? "TEXT" : (type as "FLOAT"),
      ...(table.isList(name) ? { list: true as const } : {}),
      data: await table.column(name),
    });
  }
  const note = table.note("pandas");
  change(columns);
  writeParquet(
    join(dir, path),
    [...columns.values()],
    groups ?? table.groups,
    note === undefined ? [] : [{ key: "pandas", value: note }],
  );
}

const set = (columns: Map<string, TestColumn>, name: string, data: (before: DecodedArray) => DecodedArray) =>
  columns.set(name, { ...columns.get(name)!, data: data(columns.get(name)!.data) });

const DATA = (episode: number) => `data/chunk-000/file-00${episode}.parquet`;
const ROW = (episode: number) => `meta/episodes/chunk-000/file-00${episode}.parquet`;

describe("a dataset in which nothing is wrong", () => {
  test("one of ours", async () => expect(await checkDataset(sound)).toEqual([]));

  test("one of LeRobot's, with all episodes in one file", async () => {
    const dir = lerobotDataset([
      { length: 30, task: "Grab the cube" },
      { length: 1, task: "Let it go" },
      { length: 44, task: "Grab the cube" },
    ]);
    // LeRobot says nothing of units.
    expect(await checkDataset(dir)).toEqual([{ kind: "no units", level: "warning" }]);
  });

  test("one of LeRobot's with cameras: it can be looked at, not recorded into", async () => {
    const dir = lerobotDataset(
      [
        { length: 30, task: "Grab" },
        { length: 20, task: "Grab" },
      ],
      { cameras: ["top", "wrist"] },
    );
    expect(await checkDataset(dir)).toEqual([
      { kind: "other robot", robotType: "so_follower", column: "observation.images.top", level: "warning" },
      { kind: "no units", level: "warning" },
    ]);
  });

  test("units of a card that somebody wrote", async () => {
    const dir = lerobotDataset([{ length: 5, task: "Grab" }]);
    writeFileSync(
      join(dir, "README.md"),
      "---\r\nlicense: mit\r\nso101_units: range\r\n---\r\n\r\nMine.\r\n",
    );
    expect(await checkDataset(dir)).toEqual([]);
  });
});

describe("what is no dataset", () => {
  const problem = async (dir: string) => {
    const [first] = await checkDataset(dir);
    return first?.kind === "unusable" ? first.problem : first;
  };

  test("nothing, a file, another folder", async () => {
    const base = testFolder();
    expect(await problem(join(base, "none"))).toEqual({ kind: "missing", dir: join(base, "none") });
    expect(await problem(base)).toEqual({ kind: "no dataset", dir: base });
    writeFileSync(join(base, "file"), "");
    expect(await problem(join(base, "file"))).toMatchObject({
      kind: "odd",
      fact: "not a folder, but a file",
    });
  });

  test.each(["v2.0", "v2.1", "v1.6", "v4.0"])("one of version %s", async (version) => {
    const dir = copy();
    spoilInfo(dir, { codebase_version: version, total_videos: 0 });
    expect(await problem(dir)).toEqual({ kind: "version", dir, version });
  });

  test("one whose info.json is damaged, is a pipe, or leads elsewhere", async () => {
    const dir = copy();
    const path = join(dir, "meta/info.json");
    for (const text of [
      "",
      "{",
      "[]",
      "null",
      "{}",
      '{"codebase_version": "v3.0", "fps": 0, "features": {}}',
    ]) {
      writeFileSync(path, text);
      expect(await problem(dir)).toMatchObject({ kind: "damaged", path });
    }
    for (const change of [
      { fps: -30 },
      { fps: "30" },
      { chunks_size: 0 },
      { data_path: "../{file_index}" },
      { video_path: "/etc/passwd" },
    ]) {
      const other = copy();
      spoilInfo(other, change);
      expect(await problem(other)).toMatchObject({ kind: "damaged" });
    }
    unlinkSync(path);
    expect(Bun.spawnSync(["mkfifo", path]).success).toBe(true);
    expect(await problem(dir)).toMatchObject({ kind: "odd", path });
  });
});

describe("counts that do not agree", () => {
  test.each([
    [{ total_episodes: 4 }, ["splits", "episodes"]],
    [{ total_frames: 37 }, ["frames", "statistics"]],
    [{ total_tasks: 2 }, ["tasks"]],
    [{ splits: { train: "0:2" } }, ["splits"]],
    [{ total_videos: 3 }, ["unknown keys"]],
  ])("%p", async (change, wanted) => {
    const dir = copy();
    spoilInfo(dir, change);
    expect([...new Set(await kinds(dir))]).toEqual(wanted as never);
  });

  test("no episodes at all", async () => {
    expect(await checkDataset(await ourDataset([]))).toEqual([{ kind: "empty", level: "warning" }]);
  });
});

describe("the columns that info.json describes", () => {
  const features = readJson(sound, "meta/info.json").features;

  test("a name with a slash", async () => {
    const dir = copy();
    spoilInfo(dir, { features: { ...features, "a/b": { dtype: "float32", shape: [1], names: null } } });
    expect(await errors(dir)).toEqual([
      expect.objectContaining({
        problem: expect.objectContaining({
          kind: "damaged",
          fact: expect.stringContaining("features.a/b: "),
        }),
      }),
    ]);
  });

  test("one that every dataset has, and this one has not", async () => {
    const dir = copy();
    const { timestamp: _, ...others } = features;
    spoilInfo(dir, { features: others });
    expect(await errors(dir)).toContainEqual({ kind: "default column", column: "timestamp", level: "error" });
  });

  test("another robot's", async () => {
    const dir = copy();
    spoilInfo(dir, { robot_type: "koch_follower" });
    expect(await checkDataset(dir)).toEqual([
      { kind: "other robot", robotType: "koch_follower", column: undefined, level: "warning" },
    ]);
  });
});

describe("tasks", () => {
  test("no file", async () => {
    const dir = copy();
    unlinkSync(join(dir, "meta/tasks.parquet"));
    expect(await kinds(dir)).toContain("no tasks");
  });

  test("not by pandas' index: every look-up would be wrong", async () => {
    const dir = copy();
    for (const index of [[], [{ kind: "range", start: 0, stop: 1, step: 1 }], ["task_index"]]) {
      writeTasks(dir, ["Put the cube into the box"], index);
      expect(await errors(dir)).toEqual([{ kind: "task index", level: "error" }]);
    }
  });

  test("a number that is not its row, and a task that is there twice", async () => {
    const dir = copy();
    await spoil(dir, "meta/tasks.parquet", (columns) => set(columns, "task_index", () => [1n]));
    expect(await errors(dir)).toContainEqual({
      kind: "task number",
      row: 0,
      has: 1,
      wanted: 0,
      level: "error",
    });
    writeTasks(dir, ["Put the cube into the box", "Put the cube into the box"]);
    spoilInfo(dir, { total_tasks: 2 });
    expect(await kinds(dir)).toContain("task twice");
  });

  test("an episode's, and a frame's, that is unknown", async () => {
    const dir = copy();
    await spoil(dir, ROW(1), (columns) => set(columns, "tasks", () => [["Something else"]]));
    expect(await errors(dir)).toContainEqual({
      kind: "episode task",
      episode: 1,
      task: "Something else",
      level: "error",
    });
    const other = copy();
    await spoil(other, DATA(1), (columns) => set(columns, "task_index", (all) => [...all].fill(7n, 4)));
    expect(await errors(other)).toContainEqual({
      kind: "frame task",
      episode: 1,
      frame: 4,
      has: 7,
      level: "error",
    });
  });
});

test("tasks that info.json does not count, and episodes have: an error, and a repair removes none of them", async () => {
  const dir = copy();
  spoilInfo(dir, { total_tasks: 0 });
  expect(await errors(dir)).toContainEqual({
    kind: "episode task",
    episode: 0,
    task: "Put the cube into the box",
    level: "error",
  });
  const before = readFileSync(join(dir, "meta/tasks.parquet"));
  await expect(repairDataset(dir)).rejects.toMatchObject({ problem: { kind: "unsound" } });
  expect(readFileSync(join(dir, "meta/tasks.parquet"))).toEqual(before);
});

describe("rows of episodes", () => {
  test.each([
    ["episode_index", 5n, { kind: "episode order", row: 1, has: 5, wanted: 1 }],
    ["dataset_from_index", 11n, { kind: "from", episode: 1, has: 11, wanted: 12 }],
    ["dataset_to_index", 22n, { kind: "to", episode: 1, has: 22, wanted: 21 }],
    ["length", 10n, { kind: "frames", has: 37, wanted: 36 }],
    ["data/file_index", 9n, { kind: "unusable" }],
    ["meta/episodes/file_index", 9n, { kind: "row place", episode: 1, file: ROW(1) }],
  ] as const)("%s is another", async (column, value, wanted) => {
    const dir = copy();
    await spoil(dir, ROW(1), (columns) => set(columns, column, () => [value]));
    expect(await checkDataset(dir)).toContainEqual(expect.objectContaining(wanted));
  });

  test("are not taken for what is beyond where info.json does not say how many count", async () => {
    const dir = copy();
    const path = join(dir, "meta/info.json");
    const info = JSON.parse(readFileSync(path, "utf8"));
    for (const key of ["total_episodes", "total_frames", "total_tasks"]) delete info[key];
    writeJson(path, info);
    await expect(repairDataset(dir)).rejects.toMatchObject({ problem: { kind: "damaged", path } });
    expect(existsSync(join(dir, ROW(0)))).toBe(true);
  });

  test("a column is there that the first file has not, as where two versions of a recorder wrote", async () => {
    const dir = copy();
    await spoil(dir, ROW(0), (columns) => columns.delete("stats/index/q99"));
    const findings = (await errors(dir)).filter(({ kind }) => kind === "row column");
    expect(findings).toEqual(
      [ROW(1), ROW(2)].map((file) => ({
        kind: "row column",
        column: "stats/index/q99",
        file,
        level: "error",
      })),
    );
  });

  test("a column is missing, or the file is not whole", async () => {
    const dir = copy();
    await spoil(dir, ROW(1), (columns) => columns.delete("length"));
    expect(await errors(dir)).toContainEqual(expect.objectContaining({ kind: "unusable" }));
    const other = copy();
    truncateSync(join(other, ROW(2)), 500);
    expect(await errors(other)).toContainEqual(
      expect.objectContaining({
        problem: expect.objectContaining({ kind: "damaged", path: join(other, ROW(2)) }),
      }),
    );
  });
});

describe("frames", () => {
  test.each([
    ["timestamp", 0.5],
    ["frame_index", 8n],
    ["index", 0n],
  ] as const)("%s is not what its rule gives", async (column, value) => {
    const dir = copy();
    await spoil(dir, DATA(1), (columns) =>
      set(columns, column, (all) => all.map((one, at) => (at === 3 ? value : one) as never) as never),
    );
    const rule = { timestamp: Math.fround(3 / 30), frame_index: 3, index: 15 }[column];
    expect(await errors(dir)).toContainEqual({
      ...{ kind: "value", column, episode: 1, frame: 3, has: Number(value), wanted: rule },
      level: "error",
    });
  });

  test("a time that is off by less than LeRobot tolerates", async () => {
    const dir = copy();
    await spoil(dir, DATA(1), (columns) =>
      set(columns, "timestamp", (all) => [...all].map((one) => Number(one) + 5e-6)),
    );
    expect((await errors(dir)).filter(({ kind }) => kind === "value")).toEqual([]);
  });

  test("of an episode, there are fewer than its length", async () => {
    const dir = copy();
    await spoil(
      dir,
      DATA(1),
      (columns) => {
        for (const name of columns.keys()) set(columns, name, (all) => all.slice(0, 8));
      },
      [8],
    );
    expect(await errors(dir)).toContainEqual(
      expect.objectContaining({
        problem: expect.objectContaining({
          kind: "damaged",
          fact: expect.stringContaining("8 frames of episode 1"),
        }),
      }),
    );
  });

  test("a position that is none", async () => {
    for (const wrong of [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5, Number.NaN], null]) {
      const dir = copy();
      await spoil(dir, DATA(0), (columns) =>
        set(columns, "action", (all) => all.map((one, at) => (at === 2 ? wrong : one) as never) as never),
      );
      expect(await errors(dir)).toContainEqual(
        expect.objectContaining({
          problem: expect.objectContaining({
            fact: expect.stringContaining("action of frame 2 of episode 0"),
          }),
        }),
      );
    }
  });

  test("a column is missing, of another type, or more than info.json describes", async () => {
    const dir = copy();
    await spoil(dir, DATA(0), (columns) => {
      columns.delete("action");
      columns.set("timestamp", { name: "timestamp", type: "TEXT", data: Array(12).fill("now") });
      columns.set("extra", { name: "extra", type: "FLOAT", data: Array(12).fill(1) });
      columns.set("index", { ...columns.get("index")!, list: true, data: Array(12).fill([1n]) });
    });
    const found = await checkDataset(dir);
    expect(found).toContainEqual({ kind: "no column", column: "action", file: DATA(0), level: "error" });
    expect(found).toContainEqual(
      expect.objectContaining({ kind: "column type", column: "timestamp", has: "BYTE_ARRAY" }),
    );
    expect(found).toContainEqual(
      expect.objectContaining({ kind: "column type", column: "index", has: "INT64[]" }),
    );
    // LeRobot 0.4.0 to 0.6.2 all refuse such a file: "column names don't match".
    expect(found).toContainEqual({ kind: "extra column", column: "extra", file: DATA(0), level: "error" });
  });

  test("a column of a type that there is not", async () => {
    const dir = copy();
    const { features } = readJson(dir, "meta/info.json");
    spoilInfo(dir, { features: { ...features, action: { ...features.action, dtype: "float33" } } });
    expect(await errors(dir)).toEqual([
      { kind: "unknown type", column: "action", dtype: "float33", level: "error" },
    ]);
  });

  test("columns of other types that can be cast are taken, as LeRobot takes them", async () => {
    const dir = copy();
    await spoil(dir, DATA(0), (columns) => {
      columns.set("timestamp", { ...columns.get("timestamp")!, type: "DOUBLE" });
      columns.set("action", { ...columns.get("action")!, type: "DOUBLE" });
      const { data } = columns.get("frame_index")!;
      columns.set("frame_index", { name: "frame_index", type: "INT32", data: [...data].map(Number) });
    });
    expect(await checkDataset(dir)).toEqual([]);
  });

  test("row groups that are not one an episode", async () => {
    const dir = copy();
    await spoil(dir, DATA(2), () => {}, [10, 5]);
    expect(await checkDataset(dir)).toEqual([{ kind: "row groups", file: DATA(2), level: "warning" }]);
    const together = lerobotDataset(
      [
        { length: 5, task: "a" },
        { length: 6, task: "a" },
      ],
      { groups: [11] },
    );
    expect(await kinds(together)).toEqual(["row groups", "no units"]);
  });

  test("files in another order than the episodes", async () => {
    const dir = copy();
    const [first, second] = [0, 1].map((episode) => readFileSync(join(dir, DATA(episode))));
    writeFileSync(join(dir, DATA(0)), second!);
    writeFileSync(join(dir, DATA(1)), first!);
    await spoil(dir, ROW(0), (columns) => set(columns, "data/file_index", () => [1n]));
    await spoil(dir, ROW(1), (columns) => set(columns, "data/file_index", () => [0n]));
    expect(await errors(dir)).toEqual([
      { kind: "file order", episode: 1, file: DATA(0), level: "error" },
      // It does follow file 0, and file 1 lies between.
    ]);
  });

  test("a file is missing, or damaged in the middle", async () => {
    const dir = copy();
    rmSync(join(dir, DATA(1)));
    expect(await errors(dir)).toContainEqual(
      expect.objectContaining({
        problem: expect.objectContaining({ kind: "damaged", path: join(dir, DATA(1)) }),
      }),
    );
    const other = copy();
    const bytes = readFileSync(join(other, DATA(1)));
    bytes.fill(0xff, 40, 120);
    writeFileSync(join(other, DATA(1)), bytes);
    expect((await errors(other)).length).toBeGreaterThan(0);
  });
});

describe("statistics", () => {
  const stats = readJson(sound, "meta/stats.json");

  test("none, or no JSON", async () => {
    const dir = copy();
    unlinkSync(join(dir, "meta/stats.json"));
    expect(await errors(dir)).toEqual([{ kind: "no statistics", level: "error" }]);
    writeFileSync(join(dir, "meta/stats.json"), "{ nothing");
    expect(await errors(dir)).toEqual([{ kind: "no statistics", level: "error" }]);
  });

  test("a column has none, or not for all joints", async () => {
    for (const action of [undefined, { ...stats.action, mean: [1] }]) {
      const dir = copy();
      writeJson(join(dir, "meta/stats.json"), { ...stats, action });
      expect(await errors(dir)).toEqual([{ kind: "column statistics", column: "action", level: "error" }]);
    }
  });

  test("without quantiles, as LeRobot's were once", async () => {
    const dir = copy();
    const { q01, q10, q50, q90, q99, ...plain } = stats.index;
    writeJson(join(dir, "meta/stats.json"), { ...stats, index: plain });
    expect(await checkDataset(dir)).toEqual([{ kind: "no quantiles", column: "index", level: "warning" }]);
  });

  test.each(["min", "max", "mean", "std", "q50"])("%s is not that of the frames", async (key) => {
    const dir = copy();
    const [first, ...others] = stats.action[key];
    writeJson(join(dir, "meta/stats.json"), {
      ...stats,
      action: { ...stats.action, [key]: [first + 200, ...others] },
    });
    expect(await errors(dir)).toEqual([
      expect.objectContaining({
        kind: "statistics",
        column: "action",
        key,
        episode: undefined,
        has: first + 200,
      }),
    ]);
  });

  test("quantiles that are not in their order", async () => {
    const dir = copy();
    const { q01, q99 } = stats.action;
    writeJson(join(dir, "meta/stats.json"), { ...stats, action: { ...stats.action, q01: q99, q99: q01 } });
    expect(await errors(dir)).toEqual([
      expect.objectContaining({ kind: "statistics", column: "action", key: "q10", episode: undefined }),
    ]);
  });

  test("of fewer frames than there are", async () => {
    const dir = copy();
    writeJson(join(dir, "meta/stats.json"), { ...stats, action: { ...stats.action, count: [20] } });
    expect(await errors(dir)).toEqual([
      expect.objectContaining({ kind: "statistics", column: "action", key: "count", has: 20, wanted: 36 }),
    ]);
  });

  test("in an episode's row: other ones, or none", async () => {
    const dir = copy();
    await spoil(dir, ROW(1), (columns) => set(columns, "stats/frame_index/max", () => [[99]]));
    expect(await errors(dir)).toEqual([
      expect.objectContaining({
        kind: "statistics",
        column: "frame_index",
        key: "max",
        episode: 1,
        has: 99,
        wanted: 8,
      }),
    ]);
    const other = copy();
    await spoil(other, ROW(1), (columns) => columns.delete("stats/index/max"));
    expect(await checkDataset(other)).toEqual([{ kind: "row statistics", episode: 1, level: "warning" }]);
  });

  // So LeRobot 0.6.2's delete_episodes leaves the rows, and merge_datasets stats.json.
  test("of numbers that were given anew since: known once, and no error", async () => {
    const dir = copy();
    await spoil(dir, ROW(1), (columns) => set(columns, "stats/index/min", () => [[50]]));
    await spoil(dir, ROW(1), (columns) => set(columns, "stats/episode_index/mean", () => [[4]]));
    writeJson(join(dir, "meta/stats.json"), { ...stats, index: { ...stats.index, max: [7] } });
    expect(await checkDataset(dir)).toEqual([
      { kind: "renumbered", columns: ["episode_index", "index"], level: "warning" },
    ]);
  });
});

describe("videos", () => {
  const filmed = () =>
    lerobotDataset(
      [
        { length: 30, task: "a" },
        { length: 20, task: "a" },
      ],
      { cameras: ["top"] },
    );

  test("one is missing: LeRobot would go to the Hub", async () => {
    const dir = filmed();
    const file = "videos/observation.images.top/chunk-000/file-000.mp4";
    unlinkSync(join(dir, file));
    expect(await errors(dir)).toEqual([
      { kind: "no video", episode: 0, file, level: "error" },
      { kind: "no video", episode: 1, file, level: "error" },
    ]);
  });

  test("one was not written to its end, has other frames, or another rate", async () => {
    const file = "videos/observation.images.top/chunk-000/file-000.mp4";
    const whole = mp4(50, 30);
    const first = mp4(50, 30, 1_000, "beginning");
    const taken = filmed();
    writeFileSync(join(taken, file), first);
    expect(await errors(taken)).toEqual([]);
    for (const [bytes, wanted] of [
      [whole.subarray(0, 900), { kind: "damaged video", file }],
      [whole.subarray(0, whole.length - 60), { kind: "damaged video", file }],
      [Buffer.from("a video"), { kind: "damaged video", file }],
      // LeRobot writes the index first: it is whole, and the pictures are not.
      [first.subarray(0, first.length - 1), { kind: "damaged video", file }],
      [first.subarray(0, first.length - 1_008), { kind: "damaged video", file }],
      [mp4(49, 30), { kind: "video frames", file, has: 49, wanted: 50 }],
      [mp4(50, 25), { kind: "video rate", file, has: 25, wanted: 30 }],
    ] as const) {
      const dir = filmed();
      writeFileSync(join(dir, file), bytes);
      expect(await errors(dir)).toEqual([{ ...wanted, level: "error" }]);
    }
  });

  test("its time is not that of the frames", async () => {
    const dir = filmed();
    await spoil(dir, ROW(0), (columns) =>
      set(columns, "videos/observation.images.top/to_timestamp", () => [1, 2]),
    );
    expect(await errors(dir)).toEqual([
      {
        kind: "video time",
        episode: 1,
        column: "observation.images.top",
        has: 1,
        wanted: 20 / 30,
        level: "error",
      },
    ]);
    await spoil(dir, ROW(0), (columns) => {
      set(columns, "videos/observation.images.top/from_timestamp", () => [0, 4 / 3]);
    });
    expect(await errors(dir)).toEqual([
      {
        kind: "video start",
        episode: 1,
        column: "observation.images.top",
        has: 4 / 3,
        wanted: 1,
        level: "error",
      },
    ]);
  });

  test("no statistics of pictures", async () => {
    const dir = filmed();
    const { "observation.images.top": _, ...others } = readJson(dir, "meta/stats.json");
    writeJson(join(dir, "meta/stats.json"), others);
    expect(await errors(dir)).toEqual([
      { kind: "column statistics", column: "observation.images.top", level: "error" },
    ]);
  });
});

describe("what a recorder that was cut off has left", () => {
  /** As the next episode leaves it when the power goes before info.json. */
  async function left(): Promise<string> {
    const longer = await ourDataset([12, 9, 15, 7]);
    cpSync(join(sound, "meta/info.json"), join(longer, "meta/info.json"));
    writeTasks(longer, ["Put the cube into the box", "Another one"]);
    writeFileSync(join(longer, "meta/.info.json.01234567-89ab-cdef-0123-456789abcdef"), "{");
    writeJson(join(longer, "meta/gaps.json"), { gaps: { "3": [{ from: 1, frames: 1 }] } });
    return longer;
  }

  test("is said, is no error, and a repair removes exactly that", async () => {
    const dir = await left();
    expect(await checkDataset(dir)).toEqual([
      ...["meta/.info.json.01234567-89ab-cdef-0123-456789abcdef", ROW(3), DATA(3)].map((file) => ({
        ...{ kind: "beyond", file, level: "warning" },
      })),
      ...["meta/tasks.parquet", "meta/stats.json", "meta/gaps.json"].map((file) => ({
        ...{ kind: "beyond within", file, level: "warning" },
      })),
    ] as never);
    await repairDataset(dir);
    expect(await checkDataset(dir)).toEqual([]);
    const listed = (folder: string) =>
      Bun.spawnSync(["find", ".", "-type", "f"], { cwd: folder }).stdout.toString().split("\n").toSorted();
    expect(listed(dir)).toEqual([...listed(sound), "./meta/gaps.json"].toSorted());
    // Put together in another order, the last digits differ.
    const rounded = (of: string) =>
      JSON.stringify(readJson(of, "meta/stats.json"), (_, one) =>
        typeof one === "number" ? one.toPrecision(12) : one,
      );
    expect(rounded(dir)).toBe(rounded(sound));
    expect(await repairDataset(dir)).toEqual({ removed: [], rewritten: [] });
  });

  test("of which LeRobot cannot read the data, or would before what counts, is an error, and a repair removes that", async () => {
    for (const [name, bytes] of [
      ["file-900.parquet", Buffer.from("junk")],
      ["file-000a.parquet", readFileSync(join(sound, DATA(2)))],
    ] as const) {
      const dir = copy();
      const file = `data/chunk-000/${name}`;
      writeFileSync(join(dir, file), bytes);
      expect(await checkDataset(dir)).toEqual([{ kind: "beyond in the way", file, level: "error" }]);
      await repairDataset(dir);
      expect(await checkDataset(dir)).toEqual([]);
    }
  });

  test("is not touched where what counts is not whole", async () => {
    const dir = await left();
    unlinkSync(join(dir, DATA(1)));
    const before = Bun.spawnSync(["find", ".", "-type", "f", "-printf", "%p %T@\n"], {
      cwd: dir,
    }).stdout.toString();
    expect(repairDataset(dir)).rejects.toMatchObject({ problem: { kind: "unsound" } });
    expect(
      Bun.spawnSync(["find", ".", "-type", "f", "-printf", "%p %T@\n"], { cwd: dir }).stdout.toString(),
    ).toBe(before);
  });

  test("of LeRobot's, an episode that counts is never removed with its file", async () => {
    const dir = lerobotDataset(
      [
        { length: 5, task: "a" },
        { length: 6, task: "a" },
      ],
      { info: { total_episodes: 1, total_frames: 5 } },
    );
    expect(repairDataset(dir)).rejects.toMatchObject({ problem: { kind: "unsound" } });
    expect(await kinds(dir)).toContain("unusable");
  });
});

test("links are not followed where others may have made them", async () => {
  const dir = copy();
  unlinkSync(join(dir, "meta/stats.json"));
  symlinkSync("/etc/passwd", join(dir, "meta/stats.json"));
  Bun.spawnSync(["chmod", "-R", "o+w", dir]);
  expect(await errors(dir)).toContainEqual(
    expect.objectContaining({
      problem: expect.objectContaining({ kind: "odd", path: join(dir, "meta/stats.json") }),
    }),
  );
});

test("bytes that are wrong anywhere are found, or do no harm: nothing hangs, and no other error is thrown", async () => {
  let random = 7;
  const next = (below: number) => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
    return random % below;
  };
  const files = [DATA(1), ROW(1), "meta/tasks.parquet", "meta/info.json", "meta/stats.json"];
  for (let round = 0; round < 60; round++) {
    const dir = copy();
    const path = join(dir, files[round % files.length]!);
    const bytes = readFileSync(path);
    for (let times = next(4); times >= 0; times--) bytes[next(bytes.length)] = next(256);
    writeFileSync(path, bytes.subarray(0, round % 7 === 0 ? next(bytes.length) : bytes.length));
    expect(Array.isArray(await checkDataset(dir))).toBe(true);
  }
});
