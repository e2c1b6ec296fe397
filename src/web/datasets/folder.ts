/**
 * The machine's folder of datasets, as a page may look into it. Whoever is of the group writes there: so nothing is
 * reached by a path that a page, or a link, leads to, and only files of a bounded size are read.
 */
import { statfsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { GuardedFolder } from "../../linux/guarded/folder.ts";
import { OddFileError } from "../../linux/guarded/odd-file.ts";
import { inFolder } from "../../linux/guarded/path.ts";
import { isSystemError, whyOf } from "../../linux/system-error.ts";
import { DATASET_NAME, type DatasetsReply, type ListedDataset } from "./messages.ts";

/** More than anybody looks through; the newest are listed. */
const MOST_LISTED = 200;
/** That of a robot with many cameras has some 10 kB. */
const MOST_INFO_BYTES = 65_536;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const infoSchema = v.object({
  total_episodes: count,
  total_frames: count,
  fps: v.pipe(v.number(), v.gtValue(0)),
  robot_type: v.fallback(v.nullable(v.string()), null),
});

/** What is in the folder. Never throws: what cannot be looked at is said. */
export function listDatasets(folder: string): DatasetsReply {
  const unknown = { folder, freeBytes: freeIn(folder), datasets: [], others: 0 };
  try {
    return inFolder(folder, "throw", (opened) => {
      const names = opened.names();
      const found = names.filter((name) => DATASET_NAME.test(name)).flatMap((name) => listed(opened, name));
      const datasets = found.toSorted((a, b) => b.changedAt.localeCompare(a.changedAt)).slice(0, MOST_LISTED);
      return { ...unknown, problem: null, datasets, others: names.length - datasets.length };
    });
  } catch (error) {
    return { ...unknown, problem: `${folder} cannot be looked at: ${reasonOf(error)}` };
  }
}

/** The path of a dataset that is there; undefined for what is none of the folder's own. */
export function pathOfDataset(folder: string, name: string): string | undefined {
  if (!DATASET_NAME.test(name)) return undefined;
  try {
    return inFolder(folder, "throw", (opened) => {
      opened.folder(name).close();
      return join(folder, name);
    });
  } catch {
    return undefined;
  }
}

/** A folder as a dataset; none for what is no folder. */
function listed(opened: GuardedFolder, name: string): ListedDataset[] {
  const stats = opened.look(name);
  if (!stats?.isDirectory()) return [];
  try {
    const { changedAt, info } = infoIn(opened, name);
    return [{ name, changedAt, info, problem: null }];
  } catch (error) {
    return [{ name, changedAt: stats.mtime.toISOString(), info: null, problem: reasonOf(error) }];
  }
}

function infoIn(opened: GuardedFolder, name: string) {
  using dataset = closed(opened.folder(name));
  using meta = closed(dataset.of.folder("meta"));
  // As much memory is taken as may be read.
  const size = meta.of.look("info.json")?.size ?? 0;
  const { bytes, stats } = meta.of.read("info.json", Math.min(size, MOST_INFO_BYTES));
  const parsed = v.safeParse(infoSchema, parsedJson(bytes.toString()));
  if (!parsed.success) throw new OddFileError("meta/info.json", "its meta/info.json is none of a dataset's");
  const { total_episodes: episodes, total_frames: frames, fps, robot_type: robotType } = parsed.output;
  return { changedAt: stats.mtime.toISOString(), info: { episodes, frames, fps, robotType } };
}

function closed(of: GuardedFolder): Disposable & { readonly of: GuardedFolder } {
  return { of, [Symbol.dispose]: () => of.close() };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (isSystemError(error)) {
    return error.code === "ENOENT" && error.path?.includes("/meta")
      ? "it has no meta/info.json"
      : whyOf(error);
  }
  if (error instanceof OddFileError) return error.message;
  throw error;
}

function freeIn(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
