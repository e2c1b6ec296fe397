/** The last episode of a dataset, removed to be recorded again. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkDataset } from "../../src/dataset/check/check.ts";
import { readDataset } from "../../src/dataset/dataset.ts";
import { DatasetWriter } from "../../src/dataset/writer.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "so101-remove-last-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const how = { fps: 30, units: "range" } as const;
const values = (length: number, seed: number) =>
  Float32Array.from({ length: length * 6 }, (_, at) => Math.sin(at + seed) * 90);
const episode = (task: string, length: number, seed = length) => ({
  task,
  frames: { action: values(length, seed), state: values(length, seed + 0.1), length },
  gaps: seed % 2 === 1 ? [{ from: 1, frames: 2 }] : [],
});

/** Every file of a dataset, with its bytes. */
function filesOf(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .toSorted()
      .map((path) => [path.slice(dir.length), readFileSync(path).toString("base64")]),
  );
}

test("is as if it had never been there, and the next one takes its place", async () => {
  const removed = await DatasetWriter.create(join(folder, "removed"), how);
  await removed.saveEpisode(episode("Grab the cube", 20));
  await removed.saveEpisode(episode("Open the drawer", 31));
  await removed.removeLastEpisode();
  const never = await DatasetWriter.create(join(folder, "never"), how);
  await never.saveEpisode(episode("Grab the cube", 20));
  expect(removed.totals).toEqual({ episodes: 1, frames: 20 });
  expect(await checkDataset(removed.dir)).toEqual([]);
  expect((await readDataset(removed.dir)).tasks).toEqual(["Grab the cube"]);
  for (const writer of [removed, never]) {
    await writer.saveEpisode(episode("Close the drawer", 40));
    writer.close();
  }
  const [ofRemoved, ofNever] = [removed, never].map(({ dir }) => filesOf(dir));
  // What was lost of an episode that is no more is no file any more either, once one was there.
  delete ofRemoved!["/meta/gaps.json"];
  expect(ofRemoved).toEqual(ofNever!);
});

test("of one alone leaves an empty dataset, which can be gone on with", async () => {
  const dir = join(folder, "one");
  const writer = await DatasetWriter.create(dir, how);
  await writer.saveEpisode(episode("Grab the cube", 20));
  await writer.removeLastEpisode();
  expect(writer.totals).toEqual({ episodes: 0, frames: 0 });
  await expect(writer.removeLastEpisode()).rejects.toThrow("no episode");
  writer.close();
  const resumed = await DatasetWriter.resume(dir, how);
  await resumed.saveEpisode(episode("Grab the cube", 10));
  resumed.close();
  expect((await readDataset(dir)).episodes.map(({ length }) => length)).toEqual([10]);
  expect((await checkDataset(dir)).filter(({ level }) => level === "error")).toEqual([]);
});

test("of a dataset that somebody else has changed meanwhile is refused, and nothing is changed", async () => {
  const dir = join(folder, "changed");
  const writer = await DatasetWriter.create(dir, how);
  await writer.saveEpisode(episode("Grab the cube", 20));
  const info = join(dir, "meta/info.json");
  writeFileSync(info, readFileSync(info, "utf8").replace("}", "} "));
  const before = filesOf(dir);
  await expect(writer.removeLastEpisode()).rejects.toThrow("changed");
  writer.close();
  expect(filesOf(dir)).toEqual(before);
});
