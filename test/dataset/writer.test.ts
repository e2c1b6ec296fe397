import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { checkDataset } from "../../src/dataset/check/check.ts";
import { readDataset, readEpisode } from "../../src/dataset/dataset.ts";
import { Table } from "../../src/dataset/parquet/read.ts";
import { DatasetError, type DatasetProblem } from "../../src/dataset/problem.ts";
import { repairDataset } from "../../src/dataset/repair.ts";
import { DatasetWriter } from "../../src/dataset/writer.ts";
import {
  lerobotDataset,
  ourDataset,
  removeTestFolders,
  STATISTICS_WITHOUT_QUANTILES,
  testFolder,
  writeJson,
  writeParquet,
} from "../support/datasets.ts";
import { episodeOf, motion, recorded } from "../support/episodes.ts";
import { MOUNTING, needing, program, ROOT, TRACING } from "../support/needs.ts";

afterAll(removeTestFolders);

setDefaultTimeout(60_000);

/** The problem for which something is refused. */
async function problemOf(work: Promise<unknown>): Promise<DatasetProblem> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DatasetError) return error.problem;
    throw error;
  }
  throw new Error("it was not refused");
}

const newPath = () => join(testFolder(), "set");

/** The files below a folder with their bytes' hashes. */
const stateOf = (dir: string) =>
  Bun.spawnSync(["sh", "-c", "find . -type f -exec sha256sum {} + | sort"], { cwd: dir }).stdout.toString();

describe("a new dataset", () => {
  test("is made with the folders that lead to it, and in an empty one", async () => {
    const dir = join(testFolder(), "a/b/set");
    (await DatasetWriter.create(dir, recorded)).close();
    expect((await readDataset(dir)).info).toMatchObject({ total_episodes: 0, fps: 30 });
    const empty = testFolder();
    (await DatasetWriter.create(empty, recorded)).close();
    expect((await readDataset(empty)).units).toBe("degrees");
  });

  test("is not made where one is, nor among something else; nothing is changed there", async () => {
    const there = await ourDataset([3]);
    const before = stateOf(there);
    expect(await problemOf(DatasetWriter.create(there, recorded))).toEqual({
      kind: "dataset there",
      dir: there,
    });
    expect(stateOf(there)).toBe(before);
    const full = testFolder();
    writeFileSync(join(full, "thesis.tex"), "");
    expect(await problemOf(DatasetWriter.create(full, recorded))).toMatchObject({
      kind: "not empty",
      example: "thesis.tex",
    });
    expect(readdirSync(full)).toEqual(["thesis.tex"]);
    writeFileSync(join(full, "README.md"), "# mine");
    rmSync(join(full, "thesis.tex"));
    expect(await problemOf(DatasetWriter.create(full, recorded))).toMatchObject({
      kind: "not empty",
      example: "README.md",
    });
    expect(await problemOf(DatasetWriter.create(join(full, "README.md"), recorded))).toMatchObject({
      kind: "odd",
    });
  });

  test("in range units says so", async () => {
    const dir = newPath();
    (await DatasetWriter.create(dir, { fps: 50, units: "range", robotType: "so101_follower" })).close();
    const { info, units } = await readDataset(dir);
    expect([units, info.fps, info.robot_type]).toEqual(["range", 50, "so101_follower"]);
  });
});

describe("going on", () => {
  test("adds to what is there, with tasks that are known", async () => {
    const dir = await ourDataset([4, 6]);
    const writer = await DatasetWriter.resume(dir, recorded);
    expect(writer.totals).toEqual({ episodes: 2, frames: 10 });
    await writer.saveEpisode(episodeOf(5, 9));
    await writer.saveEpisode(episodeOf(7, 10, { task: "Another" }));
    writer.close();
    const { tasks, episodes } = await readDataset(dir);
    expect(tasks).toEqual(["Put the cube into the box", "Another"]);
    expect(episodes.map(({ from, to }) => [from, to])).toEqual([
      [0, 4],
      [4, 10],
      [10, 15],
      [15, 22],
    ]);
    expect((await readEpisode(dir, 2)).actions).toEqual(motion(5, 9).action);
    expect(await checkDataset(dir)).toEqual([]);
  });

  test("with a dataset of LeRobot's, whose units its card was given, in files of its own", async () => {
    const dir = lerobotDataset([
      { length: 8, task: "Grab" },
      { length: 9, task: "Grab" },
    ]);
    writeFileSync(join(dir, "README.md"), "---\nso101_units: degrees\n---\n");
    const writer = await DatasetWriter.resume(dir, recorded);
    await writer.saveEpisode(episodeOf(5, 9, { task: "Grab" }));
    writer.close();
    expect(await checkDataset(dir)).toEqual([]);
    expect(readdirSync(join(dir, "data/chunk-000")).toSorted()).toEqual([
      "file-000.parquet",
      "file-001.parquet",
    ]);
    expect((await readEpisode(dir, 2)).states).toEqual(motion(5, 9).state);
    expect((await readEpisode(dir, 1)).length).toBe(9);
  });

  test("writes no columns of a row that the first ones have not: LeRobot would load none of them", async () => {
    const dir = lerobotDataset([{ length: 8, task: "Grab" }], {
      rowStatistics: STATISTICS_WITHOUT_QUANTILES,
    });
    writeFileSync(join(dir, "README.md"), "---\nso101_units: degrees\n---\n");
    for (const seed of [1, 2]) {
      const writer = await DatasetWriter.resume(dir, recorded);
      await writer.saveEpisode(episodeOf(5, seed));
      await writer.saveEpisode(episodeOf(6, seed));
      writer.close();
    }
    const rows = "meta/episodes/chunk-000";
    const columns = readdirSync(join(dir, rows)).map((name) =>
      new Table(readFileSync(join(dir, rows, name)), dir, name).columns.toSorted(),
    );
    expect(columns).toHaveLength(5);
    for (const some of columns) expect(some).toEqual(columns[0]!);
    expect((await checkDataset(dir)).filter(({ level }) => level === "error")).toEqual([]);
  });

  test("overwrites no rows that stand elsewhere than they say, as those of LeRobot's tools may", async () => {
    const dir = await ourDataset([4, 6]);
    const rows = join(dir, "meta/episodes/chunk-000");
    // The rows still say file 0 and file 1.
    renameSync(join(rows, "file-001.parquet"), join(rows, "file-002.parquet"));
    renameSync(join(rows, "file-000.parquet"), join(rows, "file-001.parquet"));
    const writer = await DatasetWriter.resume(dir, recorded);
    await writer.saveEpisode(episodeOf(5, 9));
    writer.close();
    expect((await readDataset(dir)).episodes.map(({ length }) => length)).toEqual([4, 6, 5]);
    expect(readdirSync(rows).toSorted()).toEqual([
      "file-001.parquet",
      "file-002.parquet",
      "file-003.parquet",
    ]);
  });

  test.each([
    ["its data files have one name", { data_path: "data/chunk-{chunk_index:03d}/all.parquet" }],
    ["it counts other frames than its episodes have", { total_frames: 11 }],
  ])("is refused where %s: nothing is changed", async (_, wrong) => {
    const dir = await ourDataset([4]);
    const info = join(dir, "meta/info.json");
    writeJson(info, { ...JSON.parse(readFileSync(info, "utf8")), ...wrong });
    if ("data_path" in wrong) {
      renameSync(join(dir, "data/chunk-000/file-000.parquet"), join(dir, "data/chunk-000/all.parquet"));
    }
    const before = stateOf(dir);
    expect(await problemOf(DatasetWriter.resume(dir, recorded))).toMatchObject({ kind: "unsound" });
    expect(stateOf(dir)).toBe(before);
  });

  test("is refused where a task's number is not its row, which would give frames other tasks", async () => {
    const dir = await ourDataset([4]);
    writeParquet(join(dir, "meta/tasks.parquet"), [
      { name: "task_index", type: "INT64", data: [1n, 0n] },
      { name: "task", type: "TEXT", data: ["Another", "Put the cube into the box"] },
    ]);
    const info = join(dir, "meta/info.json");
    writeJson(info, { ...JSON.parse(readFileSync(info, "utf8")), total_tasks: 2 });
    const before = stateOf(dir);
    expect(await problemOf(DatasetWriter.resume(dir, recorded))).toMatchObject({ kind: "unsound" });
    expect(stateOf(dir)).toBe(before);
  });

  test("is refused where frames would be mixed with others: nothing is changed", async () => {
    const dir = await ourDataset([4]);
    const before = stateOf(dir);
    expect(await problemOf(DatasetWriter.resume(dir, { ...recorded, fps: 50 }))).toEqual({
      kind: "other fps",
      dir,
      has: 30,
      wanted: 50,
    });
    expect(await problemOf(DatasetWriter.resume(dir, { ...recorded, units: "range" }))).toEqual({
      ...{ kind: "other units", dir, has: "degrees", wanted: "range" },
    });
    expect(stateOf(dir)).toBe(before);
    rmSync(join(dir, "README.md"));
    expect(await problemOf(DatasetWriter.resume(dir, recorded))).toMatchObject({
      kind: "other units",
      has: undefined,
    });
  });

  test("is refused for a dataset of another robot, of version 2, for none, and for nothing", async () => {
    const filmed = lerobotDataset([{ length: 8, task: "Grab" }], { cameras: ["top"] });
    expect(await problemOf(DatasetWriter.resume(filmed, recorded))).toMatchObject({
      ...{ kind: "other robot", column: "observation.images.top" },
    });
    const koch = lerobotDataset([{ length: 8, task: "Grab" }], { robotType: "koch_follower" });
    expect(await problemOf(DatasetWriter.resume(koch, recorded))).toMatchObject({
      kind: "other robot",
      robotType: "koch_follower",
    });
    const old = testFolder();
    writeJson(join(old, "meta/info.json"), { codebase_version: "v2.1", fps: 30 });
    expect(await problemOf(DatasetWriter.resume(old, recorded))).toEqual({
      kind: "version",
      dir: old,
      version: "v2.1",
    });
    const other = testFolder();
    mkdirSync(join(other, "photos"));
    expect(await problemOf(DatasetWriter.resume(other, recorded))).toEqual({
      kind: "no dataset",
      dir: other,
    });
    expect(await problemOf(DatasetWriter.resume(join(other, "none"), recorded))).toEqual({
      kind: "missing",
      dir: join(other, "none"),
    });
  });
});

describe("an episode that cannot be saved", () => {
  test("has no frames, a position that is none, or a task that is none: the dataset is as it was, and goes on", async () => {
    const dir = newPath();
    const writer = await DatasetWriter.create(dir, recorded);
    await writer.saveEpisode(episodeOf(4));
    const before = stateOf(dir);
    expect(await problemOf(writer.saveEpisode(episodeOf(0)))).toMatchObject({ kind: "no frames" });
    const frames = motion(4);
    frames.state[6 * 2 + 4] = Number.NaN;
    expect(await problemOf(writer.saveEpisode(episodeOf(4, 1, { frames })))).toMatchObject({
      ...{ kind: "no position", frame: 2, joint: "wrist_roll" },
    });
    for (const task of ["", "  ", "a\nb", "\u001b[31m", "x".repeat(1_001)]) {
      expect(await problemOf(writer.saveEpisode(episodeOf(4, 1, { task })))).toMatchObject({
        kind: "bad task",
      });
    }
    expect(stateOf(dir)).toBe(before);
    await writer.saveEpisode(episodeOf(5));
    writer.close();
    expect(await checkDataset(dir)).toEqual([]);
  });

  test("may be in arrays that have more room than it has frames", async () => {
    const dir = newPath();
    const writer = await DatasetWriter.create(dir, recorded);
    await writer.saveEpisode(episodeOf(1, 3, { frames: { ...motion(50, 3), length: 20 } }));
    writer.close();
    expect((await readEpisode(dir, 0)).actions).toEqual(motion(50, 3).action.subarray(0, 120));
    expect(await checkDataset(dir)).toEqual([]);
  });
});

describe("others", () => {
  test("a second recorder, and a repair, are refused while one has the folder, by whatever path; not after it", async () => {
    const dir = newPath();
    const writer = await DatasetWriter.create(dir, recorded);
    await writer.saveEpisode(episodeOf(4));
    expect(await problemOf(DatasetWriter.resume(dir, recorded))).toEqual({ kind: "taken", dir });
    expect(await problemOf(DatasetWriter.create(dir, recorded))).toEqual({ kind: "taken", dir });
    expect(await problemOf(repairDataset(`${dir}/../set`))).toMatchObject({ kind: "taken" });
    await writer.saveEpisode(episodeOf(5));
    writer.close();
    (await DatasetWriter.resume(dir, recorded)).close();
  });

  test("one that was killed has the folder no longer", async () => {
    const dir = newPath();
    const script = `
      const { DatasetWriter } = await import(process.argv[1]);
      await DatasetWriter.create(process.argv[2], { fps: 30, units: "degrees" });
      console.log("there");
      await new Promise(() => setInterval(() => {}, 1000));`;
    const source = join(import.meta.dir, "../../src/dataset/writer.ts");
    const child = Bun.spawn([process.execPath, "-e", script, source, dir], { stdout: "pipe" });
    for await (const _ of child.stdout) break;
    expect(await problemOf(DatasetWriter.resume(dir, recorded))).toEqual({ kind: "taken", dir });
    child.kill(9);
    await child.exited;
    const writer = await DatasetWriter.resume(dir, recorded);
    await writer.saveEpisode(episodeOf(4));
    writer.close();
    expect(await checkDataset(dir)).toEqual([]);
  });

  test("what another program changes meanwhile is not overwritten", async () => {
    const dir = newPath();
    const writer = await DatasetWriter.create(dir, recorded);
    await writer.saveEpisode(episodeOf(4));
    const info = JSON.parse(readFileSync(join(dir, "meta/info.json"), "utf8"));
    writeJson(join(dir, "meta/info.json"), { ...info, total_episodes: 7 });
    const before = stateOf(dir);
    expect(await problemOf(writer.saveEpisode(episodeOf(5)))).toEqual({ kind: "changed", dir });
    expect(stateOf(dir)).toBe(before);
    writer.close();
  });

  test("who moves the folder away takes the recording with it", async () => {
    const dir = newPath();
    const writer = await DatasetWriter.create(dir, recorded);
    await writer.saveEpisode(episodeOf(4));
    renameSync(dir, `${dir}-2`);
    await writer.saveEpisode(episodeOf(5));
    writer.close();
    expect(existsSync(dir)).toBe(false);
    expect(await checkDataset(`${dir}-2`)).toEqual([]);
    const gone = await DatasetWriter.resume(`${dir}-2`, recorded);
    rmSync(`${dir}-2`, { recursive: true });
    expect(await problemOf(gone.saveEpisode(episodeOf(5)))).toMatchObject({
      kind: "refused",
      code: "ENOENT",
    });
    gone.close();
  });

  test("a link in the place of a folder is not followed, and a pipe is not waited for", async () => {
    const dir = await ourDataset([3]);
    const outside = testFolder();
    renameSync(join(dir, "data"), join(dir, "moved"));
    symlinkSync(outside, join(dir, "data"));
    chmodSync(dir, 0o777);
    expect(await problemOf(DatasetWriter.resume(dir, recorded))).toMatchObject({ kind: "odd" });
    expect(readdirSync(outside)).toEqual([]);
    const other = await ourDataset([3]);
    rmSync(join(other, "meta/stats.json"));
    Bun.spawnSync(["mkfifo", join(other, "meta/stats.json")]);
    expect(await problemOf(DatasetWriter.resume(other, recorded))).toMatchObject({
      kind: "odd",
      fact: expect.stringContaining("pipe"),
    });
  });

  needing(ROOT).test(
    "a folder of somebody else's is refused before anything is recorded, with what the system says, and nothing is left in it",
    async () => {
      const base = testFolder();
      const dir = join(base, "set");
      await ourDataset([3], dir);
      chownSync(base, 0, 0);
      chmodSync(base, 0o755);
      Bun.spawnSync(["chmod", "-R", "go-w", dir]);
      const before = stateOf(dir);
      const script = `
      const { DatasetWriter } = await import(process.argv[1]);
      for (const way of ["resume", "create"]) try {
        const writer = await DatasetWriter[way](process.argv[2] + (way === "create" ? "-new" : ""), { fps: 30, units: "degrees" });
        console.log('"it records"');
        await writer.saveEpisode({ task: "x", gaps: [], frames: { action: new Float32Array(6), state: new Float32Array(6), length: 1 } });
      } catch (error) { console.log(JSON.stringify(error.problem)); }`;
      const source = join(import.meta.dir, "../../src/dataset/writer.ts");
      const { stdout, stderr } = Bun.spawnSync([
        ...["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"],
        ...[process.execPath, "-e", script, source, dir],
      ]);
      expect(stderr.toString()).toBe("");
      const problems = stdout
        .toString()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(problems).toEqual([
        expect.objectContaining({ kind: "refused", code: "EACCES" }),
        expect.objectContaining({ kind: "refused", code: "EACCES" }),
      ]);
      expect(stateOf(dir)).toBe(before);
    },
  );

  needing(ROOT).test(
    "in a folder that a group shares, what is made is the group's to go on with",
    async () => {
      const shared = testFolder();
      chownSync(shared, 0, 5678);
      chmodSync(shared, 0o2775);
      const dir = await ourDataset([3], join(shared, "set"));
      for (const folder of ["", "meta", "data/chunk-000", "meta/episodes"]) {
        const { mode, gid } = statSync(join(dir, folder));
        expect([mode & 0o7777, gid]).toEqual([0o2775, 5678]);
      }
      for (const file of ["README.md", "meta/info.json", "data/chunk-000/file-000.parquet"]) {
        const { mode, gid } = statSync(join(dir, file));
        expect([mode & 0o777, gid]).toEqual([0o664, 5678]);
      }
    },
  );
});

describe("a disk that is full", () => {
  const mounted: string[] = [];
  afterAll(() => {
    for (const folder of mounted) Bun.spawnSync(["umount", folder]);
  });

  needing(MOUNTING).test(
    "is said, the running episode is given up, nothing is damaged, and with room it goes on",
    async () => {
      const disk = testFolder();
      expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", disk]).success).toBe(true);
      mounted.push(disk);
      const dir = join(disk, "set");
      const writer = await DatasetWriter.create(dir, recorded);
      let problem: DatasetProblem | undefined;
      for (let at = 0; at < 50 && problem === undefined; at++) {
        const before = stateOf(dir);
        // Any file of an episode may be the one that does not fit.
        problem = await writer.saveEpisode(episodeOf(30 + 7 * at, at)).then(
          () => undefined,
          (error: DatasetError) => error.problem,
        );
        if (problem !== undefined) expect(stateOf(dir)).toBe(before);
      }
      expect(problem).toMatchObject({ kind: "full", dir });
      const { episodes } = writer.totals;
      expect(episodes).toBeGreaterThan(2);
      expect(await checkDataset(dir)).toEqual([]);
      // Shorter ones, until not even those fit: each is saved or not, and nothing in between.
      for (let at = 0; at < 40; at++) await writer.saveEpisode(episodeOf(2, at)).catch(() => {});
      expect(await checkDataset(dir)).toEqual([]);
      expect((await readDataset(dir)).episodes).toHaveLength(writer.totals.episodes);
      Bun.spawnSync(["mount", "-o", "remount,size=10m", disk]);
      const more = writer.totals.episodes;
      await writer.saveEpisode(episodeOf(100));
      writer.close();
      expect((await readDataset(dir)).episodes).toHaveLength(more + 1);
      expect(await checkDataset(dir)).toEqual([]);
    },
  );

  needing(MOUNTING).test("keeps no new dataset from being refused plainly", async () => {
    const disk = testFolder();
    expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk]).success).toBe(true);
    mounted.push(disk);
    writeFileSync(join(disk, "full"), "x".repeat(4096));
    expect(await problemOf(DatasetWriter.create(join(disk, "set"), recorded))).toMatchObject({
      kind: "full",
    });
  });
});

needing(TRACING, program("strace", "strace")).test(
  "whichever call the disk fails to confirm, what was said to be saved is there, and it goes on",
  async () => {
    const script = join(import.meta.dir, "../support/recording-process.ts");
    for (const when of [1, 2, 5, 9, 13, 15, 16, 17, 19, 20, 22, 23, 24, 30]) {
      const dir = newPath();
      const inject = ["-e", "trace=fsync", "-e", `inject=fsync:error=EIO:when=${when}`, "-o", "/dev/null"];
      const { stdout, exitCode } = Bun.spawnSync(["strace", "-f", ...inject, process.execPath, script, dir]);
      expect(exitCode).not.toBe(0);
      const saved = stdout.toString().trim().split("\n").filter(Boolean).length;
      if (existsSync(join(dir, "meta/info.json"))) {
        expect((await readDataset(dir)).episodes.length).toBeGreaterThanOrEqual(saved);
        expect((await checkDataset(dir)).filter(({ level }) => level === "error")).toEqual([]);
      } else expect(saved).toBe(0);
      const writer = existsSync(dir)
        ? await DatasetWriter.resume(dir, recorded)
        : await DatasetWriter.create(dir, recorded);
      await writer.saveEpisode(episodeOf(3));
      writer.close();
      expect((await checkDataset(dir)).filter(({ kind }) => kind !== "gaps")).toEqual([]);
    }
  },
);
