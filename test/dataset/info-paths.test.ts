/** What a dataset says of where its files are, which whoever made it has chosen: nothing of it leads out of its folder. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset, readEpisode } from "../../src/dataset/dataset.ts";
import { tarOf } from "../../src/dataset/tar.ts";
import { DatasetWriter } from "../../src/dataset/writer.ts";

const root = mkdtempSync(join(tmpdir(), "so101-info-paths-"));
const dir = join(root, "cube");
const info = join(dir, "meta/info.json");
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(async () => {
  rmSync(dir, { recursive: true, force: true });
  const writer = await DatasetWriter.create(dir, { fps: 30, units: "range" });
  const frames = { action: new Float32Array(60), state: new Float32Array(60), length: 10 };
  await writer.saveEpisode({ task: "Wave", frames, gaps: [] });
  writer.close();
  writeFileSync(join(root, "secret"), "a secret");
});

const camera = (name: string) => ({ [name]: { dtype: "video", shape: [1, 1, 3], names: null } });

test.each([
  { data_path: "../secret" },
  { data_path: "/etc/passwd" },
  { data_path: "data/../../secret" },
  { video_path: "../{video_key}" },
  { features: camera("../../secret") },
  { video_path: "{video_key}{video_key}/secret", features: camera(".") },
  { video_path: "..{video_key}/secret", features: camera("") },
])("is refused: %j", async (wrong) => {
  writeFileSync(info, JSON.stringify({ ...JSON.parse(readFileSync(info, "utf8")), ...wrong }));
  expect(readDataset(dir)).rejects.toThrow("damaged");
  expect(readEpisode(dir, 0)).rejects.toThrow("damaged");
  expect(tarOf(dir)).rejects.toThrow("damaged");
});
