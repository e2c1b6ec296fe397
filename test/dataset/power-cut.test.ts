import { afterAll, expect, setDefaultTimeout } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { checkDataset } from "../../src/dataset/check/check.ts";
import { readDataset, readEpisode } from "../../src/dataset/dataset.ts";
import { DatasetWriter } from "../../src/dataset/writer.ts";
import { removeTestFolders, testFolder } from "../support/datasets.ts";
import { episodeOf, motion, RECORDED_LENGTHS, recorded } from "../support/episodes.ts";
import { needing, program, TRACING } from "../support/needs.ts";
import { afterPowerCut, type Call, callsOf, type Kept } from "../support/power-cut.ts";

afterAll(removeTestFolders);

setDefaultTimeout(180_000);

const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
const with_ = needing(TRACING, program("strace", "strace"));

let calls: readonly Call[] | undefined;
const base = testFolder();
const folder = join(base, "set");

/** The calls of a whole recording, made once. */
function recording(): readonly Call[] {
  mkdirSync(folder, { recursive: true });
  const script = join(import.meta.dir, "../support/recording-process.ts");
  calls ??= callsOf([process.execPath, script, folder], folder, join(base, "trace"));
  return calls;
}

/** How many episodes had been said to be saved before a call, and not to be removed. */
const savedBefore = (at: number) => {
  const said = recording()
    .slice(0, at)
    .flatMap((call) => (call.do === "print" ? [Number(/^saved (\d+)$/.exec(call.line)?.[1])] : []));
  return said.at(-1) ?? 0;
};

/** What a disk has after `at` calls: every episode that was said to be saved is there, and nothing else is needed to go on. */
async function expectWhole(at: number, kept: Kept) {
  const dir = join(testFolder(), "set");
  afterPowerCut(recording().slice(0, at), folder, dir, kept);
  const saved = savedBefore(at);
  if (existsSync(join(dir, "meta/info.json"))) {
    const { info, episodes } = await readDataset(dir);
    expect(info.total_episodes).toBeGreaterThanOrEqual(saved);
    expect(info.total_episodes).toBeLessThanOrEqual(saved + 1);
    for (const { number, length } of episodes) {
      expect(length).toBe(RECORDED_LENGTHS[number]!);
      const { actions, states } = await readEpisode(dir, number);
      expect(actions).toEqual(motion(length, number).action);
      expect(states).toEqual(motion(length, number).state);
    }
    if (info.total_episodes > 0) await expectLoadable(dir, info.total_episodes);
    // With nothing repaired.
    const errors = (await checkDataset(dir)).filter(({ level }) => level === "error");
    expect(errors).toEqual([]);
  } else expect(saved).toBe(0);
  // Recording goes on, and nothing of what did not count is left.
  const writer = existsSync(dir)
    ? await DatasetWriter.resume(dir, recorded)
    : await DatasetWriter.create(dir, recorded);
  const { episodes } = writer.totals;
  await writer.saveEpisode(episodeOf(5));
  writer.close();
  expect((await readDataset(dir)).episodes).toHaveLength(episodes + 1);
  expect((await checkDataset(dir)).filter(({ kind }) => kind !== "gaps")).toEqual([]);
  const hidden = readdirSync(dir, { recursive: true }).filter((name) => /(^|\/)\./.test(String(name)));
  expect(hidden).toEqual([]);
}

/** As LeRobot loads: every file that its patterns find is read, and all episodes must be among the frames. */
async function expectLoadable(dir: string, episodes: number) {
  const numbers = async (sql: string) =>
    (await duckdb.runAndReadAll(sql)).getRows().map(([one]) => Number(one));
  const found = await numbers(
    `select distinct episode_index from read_parquet('${dir}/data/*/*.parquet') order by 1`,
  );
  for (let episode = 0; episode < episodes; episode++) expect(found).toContain(episode);
  const rows = await numbers(
    `select episode_index from read_parquet('${dir}/meta/episodes/*/*.parquet') order by 1`,
  );
  expect(rows.slice(0, episodes)).toEqual(Array.from({ length: episodes }, (_, episode) => episode));
  await numbers(`select task_index from read_parquet('${dir}/meta/tasks.parquet')`);
}

const changes = () => recording().flatMap((call, at) => (call.do === "print" ? [] : [at + 1]));

with_.test("the recording that is cut has saved all its episodes, and syncs files and folders", () => {
  expect(savedBefore(recording().length)).toBe(RECORDED_LENGTHS.length);
  const names = new Set(recording().map(({ do: what }) => what));
  expect(names).toEqual(new Set(["make", "folder", "write", "sync", "rename", "remove", "print"]));
});

with_.test(
  "data, episode, tasks, statistics, and info.json last get their names, each lasting before the next",
  () => {
    const own = recording().slice(
      recording().findIndex((call) => call.do === "print" && call.line === "saved 1"),
      recording().findIndex((call) => call.do === "print" && call.line === "saved 2"),
    );
    const told = own.flatMap((call) => {
      if (call.do === "rename") return [call.to.slice(folder.length + 1)];
      return call.do === "sync" && !/\/\./.test(call.path)
        ? [`sync ${call.path.slice(folder.length + 1)}`]
        : [];
    });
    expect(told).toEqual(
      [
        ["data/chunk-000/file-001.parquet", "sync data/chunk-000"],
        ["meta/episodes/chunk-000/file-001.parquet", "sync meta/episodes/chunk-000"],
        ["meta/tasks.parquet", "sync meta"],
        ["meta/stats.json", "sync meta"],
        ["meta/gaps.json", "sync meta"],
        ["meta/info.json", "sync meta"],
      ].flat(),
    );
    const firstName = own.findIndex((call) => call.do === "rename");
    expect(own.slice(firstName).some((call) => call.do === "write")).toBe(false);
  },
);

with_.test(
  "a power cut at any of 20 random moments, with any part of what was not synced lost, costs no finished episode",
  async () => {
    let random = 20_261_126;
    const next = () => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
      return random / 2_147_483_648;
    };
    for (let cut = 0; cut < 20; cut++) {
      const at = changes()[Math.floor(next() * changes().length)]!;
      const share = cut % 4 === 0 ? 0 : next();
      await expectWhole(at, () => next() < share);
    }
  },
);

with_.test(
  "a kill between any two calls, after which the system writes all that it has, costs no finished episode",
  async () => {
    for (const at of changes().filter((_, index) => index % 7 === 0)) await expectWhole(at, () => true);
  },
);
