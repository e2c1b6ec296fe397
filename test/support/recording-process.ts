/** Records, in a process of its own, into the folder that is given: says how many are saved for certain, removes one, and goes on. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatasetWriter } from "../../src/dataset/writer.ts";
import { episodeOf, RECORDED_LENGTHS, recorded } from "./episodes.ts";

const dir = process.argv[2]!;
let writer = await DatasetWriter.create(dir, recorded);
for (const [at, length] of RECORDED_LENGTHS.entries()) {
  if (at === 3) {
    writer.close();
    // As a recorder leaves it that was ended after its data were in place.
    const left = readFileSync(join(dir, "data/chunk-000/file-002.parquet"));
    const file = openSync(
      join(dir, "data/chunk-000/.file-003.parquet.01234567-89ab-cdef-0123-456789abcdef"),
      "w",
    );
    writeSync(file, left);
    fsyncSync(file);
    closeSync(file);
    renameSync(
      join(dir, "data/chunk-000/.file-003.parquet.01234567-89ab-cdef-0123-456789abcdef"),
      join(dir, "data/chunk-000/file-003.parquet"),
    );
    writer = await DatasetWriter.resume(dir, recorded);
  }
  const episode = episodeOf(length, at, {
    task: at === 2 ? "Another task" : "Put the cube into the box",
    gaps: at === 1 ? [{ from: 3, frames: 2 }] : [],
  });
  await writer.saveEpisode(episode);
  console.log(`saved ${at + 1}`);
  if (at !== 2) continue;
  // And once more, as a person does who does not like it: from now on there may be one less.
  console.log(`saved ${at}`);
  await writer.removeLastEpisode();
  await writer.saveEpisode(episode);
  console.log(`saved ${at + 1}`);
}
writer.close();
