/** Records, in a process of its own, into the folder that is given: says what is saved, and goes on twice. */
import { readFileSync, writeFileSync } from "node:fs";
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
    writeFileSync(join(dir, "data/chunk-000/file-003.parquet"), left);
    writer = await DatasetWriter.resume(dir, recorded);
  }
  await writer.saveEpisode(
    episodeOf(length, at, {
      task: at === 2 ? "Another task" : "Put the cube into the box",
      gaps: at === 1 ? [{ from: 3, frames: 2 }] : [],
    }),
  );
  console.log(`saved ${at + 1}`);
}
writer.close();
