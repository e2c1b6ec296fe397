/** `so101 dataset`: what it prints, and with which exit code. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatasetWriter } from "../../src/dataset/writer.ts";
import { lerobotDataset, ourDataset, removeTestFolders, testFolder, writeJson } from "../support/datasets.ts";
import { episodeOf, recorded } from "../support/episodes.ts";
import { run } from "../support/program.ts";

afterAll(removeTestFolders);

setDefaultTimeout(60_000);

const main = join(import.meta.dir, "../../src/main.ts");
const so101 = (...words: readonly string[]) =>
  run([process.execPath, main, "dataset", ...words], { cwd: "/" });
const lines = (text: string) => text.trim().split("\n");

const base = testFolder();
const dir = join(base, "cubes");
const writer = await DatasetWriter.create(dir, recorded);
await writer.saveEpisode(episodeOf(60));
await writer.saveEpisode(episodeOf(31, 2, { task: "Let it go", gaps: [{ from: 7, frames: 2 }] }));
writer.close();

test("show says robot, units, tasks, and each episode with its gaps", async () => {
  const { stdout, stderr, code } = await so101("show", dir);
  expect([code, stderr]).toEqual([0, ""]);
  expect(lines(stdout)).toEqual([
    `${dir}: LeRobotDataset v3.0 of so_follower`,
    "2 episodes, 91 frames at 30 a second, 3.0 s; 2 tasks",
    "positions in degrees",
    "columns: action (float32, 6), observation.state (float32, 6)",
    "",
    "episode  frames  length    gaps  task",
    "      0      60   2.0 s          Put the cube into the box",
    "      1      31   1.0 s  2 lost  Let it go",
  ]);
});

test("show says it to programs", async () => {
  const { stdout } = await so101("show", "--json", dir);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{
      event: "dataset",
      dir,
      version: "v3.0",
      robotType: "so_follower",
      fps: 30,
      units: "degrees",
      frames: 91,
    },
    tasks: ["Put the cube into the box", "Let it go"],
    episodes: [
      { number: 0, length: 60, from: 0, to: 60, gaps: [] },
      { number: 1, length: 31, from: 60, to: 91, gaps: [{ from: 7, frames: 2 }] },
    ],
  });
});

test("check says what is worth knowing, and that LeRobot takes it", async () => {
  const { stdout, code } = await so101("check", dir);
  expect(code).toBe(0);
  expect(lines(stdout)).toEqual([
    "warning: episode 1 has gaps: 2 frames were lost and repeat the one before, first at frame 7",
    `${dir} (2 episodes, 91 frames): LeRobot takes it; 1 warning`,
  ]);
});

test("check says what is wrong, to people and to programs, and ends with 1", async () => {
  const wrong = join(base, "wrong");
  cpSync(dir, wrong, { recursive: true });
  writeFileSync(join(wrong, "meta/stats.json"), "{}");
  const { stdout, stderr, code } = await so101("check", wrong);
  expect([code, stderr]).toEqual([1, ""]);
  expect(stdout).toContain("error: meta/stats.json has no whole statistics of action");
  expect(lines(stdout).at(-1)).toBe(`${wrong} (2 episodes, 91 frames): 7 errors, 1 warning`);
  const told = lines((await so101("check", "--json", wrong)).stdout).map((line) => JSON.parse(line));
  expect(told[0]).toMatchObject({
    event: "finding",
    level: "error",
    kind: "column statistics",
    column: "action",
  });
  expect(told.at(-1)).toEqual({
    event: "checked",
    dir: wrong,
    errors: 7,
    warnings: 1,
    episodes: 2,
    frames: 91,
  });
});

test("what is wrong in every episode is not said a hundred times", async () => {
  const film = lerobotDataset(
    Array.from({ length: 30 }, () => ({ length: 2, task: "a" })),
    { fps: 30, info: { fps: 25 } },
  );
  const { stdout } = await so101("check", film);
  expect(lines(stdout).filter((line) => line.startsWith("error: timestamp"))).toHaveLength(10);
  expect(stdout).toContain("… and 20 more like that");
});

test("check offers a repair, and --repair says what it has removed", async () => {
  const longer = join(base, "cut off");
  await ourDataset([60, 31, 12], longer);
  cpSync(join(await ourDataset([60, 31]), "meta/info.json"), join(longer, "meta/info.json"));
  const before = await so101("check", longer);
  expect(before.code).toBe(0);
  expect(before.stdout).toContain("data/chunk-000/file-002.parquet is left of an episode that was not saved");
  expect(before.stdout).toContain(`"so101 dataset check --repair '${longer}'" removes what does not count`);
  const repaired = await so101("check", "--repair", longer);
  expect([repaired.code, lines(repaired.stdout)]).toEqual([
    0,
    [
      "removed meta/episodes/chunk-000/file-002.parquet: it did not count",
      "removed data/chunk-000/file-002.parquet: it did not count",
      "put meta/stats.json right: it said more than counts",
      `${longer} (2 episodes, 91 frames): LeRobot takes it; nothing is wrong`,
    ],
  ]);
  expect((await so101("check", "--repair", longer)).stdout).toStartWith("nothing to repair\n");
});

test("no dataset, one of version 2, and no folder are said with what to do, and end with 1", async () => {
  const old = join(base, "old");
  writeJson(join(old, "meta/info.json"), { codebase_version: "v2.1", fps: 30 });
  for (const [path, said] of [
    [base, "is no dataset: it has no meta/info.json — name the folder in which meta and data are"],
    [old, "is a dataset of version v2.1, and only version 3 is read here — have LeRobot convert it"],
    [join(base, "nothing"), "— check the path"],
  ] as const) {
    const shown = await so101("show", path);
    expect([shown.code, shown.stdout]).toEqual([1, ""]);
    expect(shown.stderr).toContain(said);
    const checked = await so101("check", path);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain(said);
    expect((await so101("check", "--repair", path)).stderr).toContain(said);
  }
  expect((await so101("show")).code).toBe(2);
});

test("names in a dataset that act on a terminal are written out", async () => {
  const evil = lerobotDataset([{ length: 3, task: "\u001b[2Jgone" }], { robotType: "so\u202efollower" });
  for (const what of ["show", "check"]) {
    const { stdout } = await so101(what, evil);
    for (const acting of ["\u001b", "\u202e"]) expect(stdout).not.toContain(acting);
    expect(stdout).toContain("\\u");
  }
});
