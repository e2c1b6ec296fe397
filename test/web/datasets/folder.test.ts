/** The folder of datasets, in which everybody of the group writes, as a page may look into it. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listDatasets, pathOfDataset } from "../../../src/web/datasets/folder.ts";

const dir = mkdtempSync(join(tmpdir(), "so101-datasets-"));
const folder = join(dir, "datasets");
afterAll(() => rmSync(dir, { recursive: true }));
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
});

const INFO = {
  codebase_version: "v3.0",
  total_episodes: 2,
  total_frames: 90,
  fps: 30,
  robot_type: "so_follower",
};
function dataset(name: string, info: string | object = INFO): string {
  const path = join(folder, name);
  mkdirSync(join(path, "meta"), { recursive: true });
  writeFileSync(join(path, "meta/info.json"), typeof info === "string" ? info : JSON.stringify(info));
  return path;
}
const listed = () => listDatasets(folder).datasets;

describe("a dataset", () => {
  test("is listed with what its info.json says, the newest first", async () => {
    dataset("first");
    await Bun.sleep(5); // the system's clock of files ticks each 4 ms
    dataset("second", { ...INFO, robot_type: null });
    expect(listed().map(({ name, info, problem }) => ({ name, info, problem }))).toEqual([
      { name: "second", info: { episodes: 2, frames: 90, fps: 30, robotType: null }, problem: null },
      { name: "first", info: { episodes: 2, frames: 90, fps: 30, robotType: "so_follower" }, problem: null },
    ]);
    expect(listDatasets(folder)).toMatchObject({ problem: null, others: 0, freeBytes: expect.any(Number) });
  });

  test.each([
    ["no JSON", "{"],
    ["of another program", { fps: 30 }],
    ["of no fps", { ...INFO, fps: 0 }],
    ["of half an episode", { ...INFO, total_episodes: 0.5 }],
    ["far too long", `${JSON.stringify(INFO)}${" ".repeat(70_000)}`],
    ["empty", ""],
  ])("whose info.json is %s is listed with that, and harms no other", (_, info) => {
    dataset("broken", info);
    dataset("whole");
    const broken = listed().find(({ name }) => name === "broken");
    expect(broken?.info).toBeNull();
    expect(broken?.problem).toBeTruthy();
    expect(listed().find(({ name }) => name === "whole")?.info?.episodes).toBe(2);
  });

  test("without one is listed with that", () => {
    mkdirSync(join(folder, "empty"));
    expect(listed()[0]?.problem).toBe("it has no meta/info.json");
  });

  test("whose info.json is a link, a pipe or another file's further name is not read through it", () => {
    const secret = join(dir, "secret.json");
    writeFileSync(secret, JSON.stringify(INFO));
    for (const name of ["by-link", "by-name", "by-pipe", "by-folder"]) mkdirSync(join(folder, name));
    for (const name of ["by-link", "by-name", "by-pipe"]) mkdirSync(join(folder, name, "meta"));
    symlinkSync(secret, join(folder, "by-link/meta/info.json"));
    linkSync(secret, join(folder, "by-name/meta/info.json"));
    Bun.spawnSync(["mkfifo", join(folder, "by-pipe/meta/info.json")]);
    mkdirSync(join(dir, "elsewhere"), { recursive: true });
    writeFileSync(join(dir, "elsewhere/info.json"), JSON.stringify(INFO));
    symlinkSync(join(dir, "elsewhere"), join(folder, "by-folder/meta"));
    expect(listed().map(({ info }) => info)).toEqual([null, null, null, null]);
  });
});

describe("what is no dataset of the folder's own", () => {
  test.each([
    "",
    ".",
    "..",
    "../datasets/whole",
    "whole/meta",
    "whole/../whole",
    "/etc",
    "whole\0",
    "whole%2Fmeta",
    "-rf",
    ".hidden",
    "a b",
    "wholé",
    "x".repeat(65),
    "link",
    "file",
    "nothing",
  ])("leads nowhere: %j", (name) => {
    dataset("whole");
    mkdirSync(join(folder, ".hidden"));
    symlinkSync(join(folder, "whole"), join(folder, "link"));
    writeFileSync(join(folder, "file"), "");
    expect(pathOfDataset(folder, name)).toBeUndefined();
    expect(pathOfDataset(folder, "whole")).toBe(join(folder, "whole"));
  });

  test("is counted, and not named", () => {
    dataset("whole");
    dataset("a name with spaces");
    symlinkSync("/etc", join(folder, "link"));
    writeFileSync(join(folder, "file"), "");
    expect(listDatasets(folder)).toMatchObject({ datasets: [{ name: "whole" }], others: 3 });
  });
});

test("a folder that is not there, or is none, is said, and not made", () => {
  const missing = join(dir, "nothing/datasets");
  expect(listDatasets(missing)).toMatchObject({ datasets: [], freeBytes: null });
  expect(listDatasets(missing).problem).toBe(`${missing} cannot be looked at: it is not there`);
  writeFileSync(join(dir, "a-file"), "");
  expect(listDatasets(join(dir, "a-file")).problem).toContain("not a folder, but a file");
});
