/** Whether a dataset is what LeRobot expects: all that it looks at when it loads one, and what it does not look at. */
import { lockFolder } from "../../linux/guarded/lock.ts";
import { inFolder } from "../../linux/guarded/path.ts";
import { findBeyond } from "../beyond.ts";
import { readInfo, readUnits } from "../dataset.ts";
import { DataFiles } from "../episode-data.ts";
import { asDatasetError, readTable, readText } from "../files.ts";
import { dataFile, GAPS_FILE, STATS_FILE } from "../format.ts";
import { parseGaps } from "../gaps.ts";
import type { DatasetInfo } from "../info.ts";
import { Table } from "../parquet/read.ts";
import { DatasetError } from "../problem.ts";
import { camerasOf, readRows, readTasks, type StoredRow } from "../rows.ts";
import { parseStats } from "../stored-stats.ts";
import { checkInfo, checkRows, checkTasks } from "./about.ts";
import { checkColumns, checkData } from "./data.ts";
import { type Finding, type Found, levelOf } from "./finding.ts";
import { checkRowStats, checkStats, withRenumbered } from "./statistics.ts";
import { checkVideos } from "./videos.ts";

/** Checks a dataset. Nothing is changed. Never throws for what the dataset is: that is found. */
export async function checkDataset(dir: string): Promise<Finding[]> {
  const found: Found[] = [];
  const unusable = (error: unknown): Found => {
    const problem = asDatasetError(dir, dir, error);
    if (!(problem instanceof DatasetError)) throw problem;
    return { kind: "unusable", problem: problem.problem };
  };
  /** What one check throws does not keep the others from being made. */
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      found.push(unusable(error));
      return undefined;
    }
  };

  const info = await attempt(() => readInfo(dir));
  if (info !== undefined) await checkRest(dir, info, found, attempt, unusable);
  return found.map((one) => ({ level: levelOf(one), ...one }));
}

async function checkRest(
  dir: string,
  info: DatasetInfo,
  found: Found[],
  attempt: <T>(work: () => T | Promise<T>) => Promise<T | undefined>,
  unusable: (error: unknown) => Found,
): Promise<void> {
  found.push(...checkInfo(info));
  const stored = await attempt(() => readTasks(dir));
  found.push(...checkTasks(stored, info));
  // LeRobot looks at none where none count.
  const tasks = stored?.texts.slice(0, info.total_tasks) ?? [];
  const all = await attempt(() => readRows(dir, camerasOf(info.features), "with statistics"));
  if (all !== undefined) {
    const rows = all.slice(0, info.total_episodes);
    found.push(...checkRows(rows, tasks, info));
    const { found: inData, stats } = await checkData(new DataFiles(dir, info), info, rows, tasks, unusable);
    const inStats = checkRowStats(rows, info, stats);
    if (info.total_episodes > 0) {
      const text = await attempt(() => readText(dir, STATS_FILE));
      inStats.push(...checkStats(parseStats(text), info, stats));
    }
    found.push(...inData, ...withRenumbered(inStats));
    found.push(...((await attempt(() => checkVideos(dir, info, rows))) ?? []));
  }
  if ((await attempt(() => readUnits(dir) ?? "none")) === "none") found.push({ kind: "no units" });
  const gaps = parseGaps((await attempt(() => readText(dir, GAPS_FILE))) ?? "{}");
  for (const [episode, some] of gaps ?? []) {
    if (episode < info.total_episodes && some.length > 0) found.push({ kind: "gaps", episode, gaps: some });
  }
  // Where what counts is not whole, that has been found, and nobody can say what is beyond it.
  if (!found.some((one) => levelOf(one) === "error")) {
    await attempt(async () => found.push(...(await lookBeyond(dir, info, all ?? []))));
  }
}

/** What a repair would put right; while somebody records into it, that is the episode that is just being saved. */
async function lookBeyond(dir: string, info: DatasetInfo, rows: readonly StoredRow[]): Promise<Found[]> {
  const { remove, rewrite } = (await findBeyond(dir, info, rows)).beyond;
  if (remove.length + rewrite.length === 0) return [];
  if (isInUse(dir)) return [{ kind: "in use" }];
  return [
    ...remove.map(
      (file): Found => ({ kind: isInTheWay(dir, file, info, rows) ? "beyond in the way" : "beyond", file }),
    ),
    ...rewrite.map(({ path: file }): Found => ({ kind: "beyond within", file })),
  ];
}

/** Whether a file of data that does not count keeps LeRobot from reading what does: it reads all there are, in their order. */
function isInTheWay(dir: string, file: string, info: DatasetInfo, rows: readonly StoredRow[]): boolean {
  if (!/^data\/[^/]+\/[^/]+\.parquet$/.test(file)) return false;
  const counted = rows.slice(0, info.total_episodes).map(({ data }) => dataFile(data, info.data_path));
  if (counted.some((path) => path > file)) return true;
  try {
    const table = new Table(readTable(dir, file)!, dir, file);
    return checkColumns(table, file, info).length > 0;
  } catch (error) {
    if (error instanceof DatasetError) return true;
    throw error;
  }
}

function isInUse(dir: string): boolean {
  return inFolder(dir, "throw", (folder) => {
    const lock = lockFolder(folder);
    lock?.release();
    return lock === undefined;
  });
}
