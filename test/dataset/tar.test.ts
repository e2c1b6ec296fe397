import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, linkSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkDataset } from "../../src/dataset/check/check.ts";
import { tarOf } from "../../src/dataset/tar.ts";
import {
  lerobotDataset,
  ourDataset,
  removeTestFolders,
  testFolder,
  writeTasks,
} from "../support/datasets.ts";

setDefaultTimeout(60_000);
afterAll(removeTestFolders);

/** Takes an archive apart with the system's tar; returns the folder that was in it. */
async function unpacked(dir: string): Promise<string> {
  const to = testFolder();
  await Bun.write(join(to, "it.tar"), new Response(await tarOf(dir)));
  const { stderr, exitCode } = Bun.spawnSync(["tar", "xf", "it.tar"], { cwd: to });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  unlinkSync(join(to, "it.tar"));
  const [name] = readdirSync(to);
  return join(to, name!);
}

const files = (dir: string) =>
  Bun.spawnSync(["sh", "-c", "find . -type f -exec sha256sum {} + | sort"], { cwd: dir }).stdout.toString();

test("the system's tar gets the dataset's files out of it, in a folder of its name", async () => {
  const dir = await ourDataset([12, 9]);
  const copy = await unpacked(dir);
  expect(copy).toEndWith("/set");
  expect(files(copy)).toBe(files(dir));
});

test("with videos, and a name that is long and not plain", async () => {
  const name = `Würfel – ${"lang".repeat(40)}`;
  const dir = join(testFolder(), name);
  cpSync(lerobotDataset([{ length: 8, task: "Grab" }], { cameras: ["top"] }), dir, { recursive: true });
  writeFileSync(
    join(dir, "videos/observation.images.top/chunk-000/file-000.mp4"),
    Buffer.alloc(700_000, "film"),
  );
  const copy = await unpacked(dir);
  expect(copy).toEndWith(`/${name}`);
  expect(files(copy)).toBe(files(dir));
});

test("has what counts, and nothing of an episode that is just being saved", async () => {
  const dir = await ourDataset([12, 9]);
  const longer = await ourDataset([12, 9, 7]);
  cpSync(join(dir, "meta/info.json"), join(longer, "meta/info.json"));
  writeTasks(longer, ["Put the cube into the box"]);
  const copy = await unpacked(longer);
  expect(readdirSync(join(copy, "data/chunk-000"))).toHaveLength(2);
  expect((await checkDataset(copy)).filter(({ level }) => level === "error")).toEqual([]);
});

const DATA = "data/chunk-000/file-000.parquet";

test.each([
  ["a link where others write", (at: string) => symlinkSync("/etc/passwd", at)],
  ["another name of a file elsewhere", (at: string) => linkSync(fileElsewhere(), at)],
  ["a pipe", (at: string) => Bun.spawnSync(["mkfifo", at])],
  ["nothing", () => {}],
])("leads nowhere else: with %s in a file's place none is made, and that file is named", async (_, put) => {
  const dir = await ourDataset([12]);
  unlinkSync(join(dir, DATA));
  put(join(dir, DATA));
  Bun.spawnSync(["chmod", "-R", "o+w", dir]);
  expect(tarOf(dir)).rejects.toMatchObject({ problem: { path: join(dir, DATA) } });
});

function fileElsewhere(): string {
  const path = join(testFolder(), "secret");
  writeFileSync(path, "a secret");
  return path;
}

test("what is no dataset is none", async () => {
  expect(tarOf(testFolder())).rejects.toMatchObject({ problem: { kind: "no dataset" } });
});

test("who stops reading leaves nothing open", async () => {
  const dir = await ourDataset([12]);
  const before = readdirSync("/proc/self/fd").length;
  const reader = (await tarOf(dir)).getReader();
  for (let piece = 0; piece < 14; piece++) await reader.read();
  await reader.cancel();
  expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
  expect(readFileSync(join(dir, "README.md"), "utf8")).toStartWith("---");
});
