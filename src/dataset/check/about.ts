/** Checks of what a dataset says of itself: `info.json`, its tasks, the rows of its episodes, its card. */
import { DEFAULT_FEATURES, episodesFile, type Feature, isOurRobot, otherColumn } from "../format.ts";
import type { DatasetInfo } from "../info.ts";
import type { StoredRow, StoredTasks } from "../rows.ts";
import type { Found } from "./finding.ts";

/** All keys that LeRobot knows of `info.json`. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  ...["codebase_version", "fps", "features", "total_episodes", "total_frames", "total_tasks", "chunks_size"],
  ...["data_files_size_in_mb", "video_files_size_in_mb", "data_path", "video_path", "robot_type", "splits"],
  "tools",
]);

/** What LeRobot's library of data sets knows of numbers. */
const KNOWN_NUMBERS: ReadonlySet<string> = new Set([
  ...["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"],
  ...["float", "float16", "float32", "float64"],
]);

/** Checks `info.json` by itself. */
export function checkInfo(info: DatasetInfo): Found[] {
  const found: Found[] = [];
  const keys = Object.keys(info).filter((key) => !KNOWN_KEYS.has(key));
  if (keys.length > 0) found.push({ kind: "unknown keys", keys });
  for (const [column, wanted] of Object.entries<Feature>(DEFAULT_FEATURES)) {
    const has = info.features[column];
    const isSame = has?.dtype === wanted.dtype && has.shape.length === 1 && has.shape[0] === 1;
    if (!isSame) found.push({ kind: "default column", column });
  }
  for (const [column, { dtype }] of Object.entries(info.features)) {
    if (/^(float|u?int|bool)\d*$/.test(dtype) && !KNOWN_NUMBERS.has(dtype)) {
      found.push({ kind: "unknown type", column, dtype });
    }
  }
  const column = otherColumn(info.features);
  if (column !== undefined || !isOurRobot(info.robot_type)) {
    found.push({ kind: "other robot", robotType: info.robot_type, column });
  }
  const [train, wanted] = [info.splits.train, `0:${info.total_episodes}`];
  if (info.total_episodes === 0) found.push({ kind: "empty" });
  else if (train !== wanted) found.push({ kind: "splits", train, wanted });
  return found;
}

/** Checks the tasks: a task's number is its row, and its text its index in pandas. */
export function checkTasks(tasks: StoredTasks | undefined, { total_tasks: wanted }: DatasetInfo): Found[] {
  if (tasks === undefined) return wanted === 0 ? [] : [{ kind: "no tasks" }];
  const found: Found[] = [];
  if (!tasks.hasIndex) found.push({ kind: "task index" });
  const row = tasks.numbers.findIndex((number, at) => number !== at);
  if (row !== -1) found.push({ kind: "task number", row, has: tasks.numbers[row]!, wanted: row });
  const twice = tasks.texts.find((task, at) => tasks.texts.indexOf(task) !== at);
  if (twice !== undefined) found.push({ kind: "task twice", task: twice });
  // More of them are what a recorder was about to add.
  if (tasks.texts.length < wanted) found.push({ kind: "tasks", has: tasks.texts.length, wanted });
  return found;
}

/** Checks the rows of the episodes that count: their order, lengths, and where they say they stand. */
export function checkRows(rows: readonly StoredRow[], tasks: readonly string[], info: DatasetInfo): Found[] {
  const found: Found[] = [];
  if (rows.length < info.total_episodes) {
    found.push({ kind: "episodes", has: rows.length, wanted: info.total_episodes });
  }
  const frames = rows.reduce((sum, { length }) => sum + length, 0);
  if (frames !== info.total_frames) found.push({ kind: "frames", has: frames, wanted: info.total_frames });
  found.push(...checkRowColumns(rows));
  let from = 0;
  for (const [at, row] of rows.entries()) {
    const { episode } = row;
    if (episode !== at) found.push({ kind: "episode order", row: at, has: episode, wanted: at });
    if (row.from !== from) found.push({ kind: "from", episode, has: row.from, wanted: from });
    if (row.to !== row.from + row.length) {
      found.push({ kind: "to", episode, has: row.to, wanted: row.from + row.length });
    }
    if (row.path !== episodesFile(row.row)) found.push({ kind: "row place", episode, file: row.path });
    const task = row.tasks.find((one) => !tasks.includes(one));
    if (task !== undefined) found.push({ kind: "episode task", episode, task });
    from = row.to;
  }
  return found;
}

/** LeRobot reads the rows of all files by the columns of the first one, and refuses what has more. */
function checkRowColumns(rows: readonly StoredRow[]): Found[] {
  const files = new Map(rows.map(({ path, columns }) => [path, columns]));
  return [...files].flatMap(([file, columns]): Found[] => {
    const column = [...columns].find((name) => !rows[0]!.columns.has(name));
    return column === undefined ? [] : [{ kind: "row column", column, file }];
  });
}
