/** Datasets for tests: motions as encoders read them, ours as the recorder writes them, and some as LeRobot itself does. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DecodedArray, SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Frames } from "../../src/dataset/parquet/write.ts";
import { DatasetWriter, type NewEpisode } from "../../src/dataset/writer.ts";

/** A new folder for one test's files. */
export function testFolder(): string {
  return mkdtempSync(join(tmpdir(), "so101-dataset-"));
}

/** An episode's frames: both arms swing, on the grid of their encoders. The same seed gives the same. */
export function motion(length: number, seed = 1): Frames {
  let random = seed * 2_654_435_761;
  const tremble = () => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
    return random % 3;
  };
  const reading = (frame: number, joint: number, lag: number) => {
    const steps = Math.round(900 * Math.sin((frame - lag) / 40 + seed + joint)) + tremble();
    return (steps * 360) / 4095;
  };
  const filled = (lag: number) =>
    Float32Array.from({ length: 6 * length }, (_, at) => reading(Math.floor(at / 6), at % 6, lag));
  return { action: filled(0), state: filled(3), length };
}

/** What is said of an episode where a test does not care. */
export function episodeOf(length: number, seed = 1, rest: Partial<NewEpisode> = {}): NewEpisode {
  return { task: "Put the cube into the box", frames: motion(length, seed), gaps: [], ...rest };
}

/** How datasets of tests are recorded. */
export const recorded = { fps: 30, units: "degrees" } as const;

/** Makes a dataset of ours with episodes of these lengths, and returns its folder. */
export async function ourDataset(
  lengths: readonly number[],
  dir = join(testFolder(), "set"),
): Promise<string> {
  const writer = await DatasetWriter.create(dir, recorded);
  try {
    for (const [at, length] of lengths.entries()) await writer.saveEpisode(episodeOf(length, at + 1));
  } finally {
    writer.close();
  }
  return dir;
}

/** A column of a Parquet file: `[]` for a list in each row. */
export interface TestColumn {
  readonly name: string;
  readonly type: "FLOAT" | "DOUBLE" | "INT64" | "INT32" | "TEXT";
  readonly list?: true;
  readonly data: DecodedArray;
}

/** Writes a Parquet file with row groups of these sizes. */
export function writeParquet(
  path: string,
  columns: readonly TestColumn[],
  groups: readonly number[] = [columns[0]!.data.length],
  kvMetadata: { key: string; value: string }[] = [],
): void {
  const schema = columns.flatMap(({ name, type, list }): SchemaElement[] => {
    const element = type === "TEXT" ? ({ type: "BYTE_ARRAY", converted_type: "UTF8" } as const) : { type };
    if (!list) return [{ name, repetition_type: "OPTIONAL", ...element }];
    return [
      { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "OPTIONAL", ...element },
    ];
  });
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [{ name: "schema", num_children: columns.length }, ...schema],
    kvMetadata,
  });
  let start = 0;
  for (const size of groups) {
    const columnData = columns.map(({ name, data }) => ({ name, data: data.slice(start, start + size) }));
    parquet.write({ columnData, rowGroupSize: size });
    start += size;
  }
  parquet.finish();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, new Uint8Array(writer.getBuffer()));
}
