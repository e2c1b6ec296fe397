/**
 * Recording into a dataset: one finished file an episode. An episode is there once `meta/info.json` counts it, which is written
 * last; whatever ends the program before that costs this episode alone.
 */
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { JOINT_COUNT, JOINTS } from "../arm/joints.ts";
import { isVisible } from "../linux/text/visible.ts";
import { isJustBegun, isOurBeginning } from "./beginning.ts";
import { findBeyond, removeBeyond, temporaryFiles } from "./beyond.ts";
import { cardText } from "./card.ts";
import { readInfo, readUnits } from "./dataset.ts";
import { asDatasetError, readText } from "./files.ts";
import {
  CARD_FILE,
  GAPS_FILE,
  INFO_FILE,
  isOurRobot,
  otherColumn,
  ROBOT_TYPE,
  STATS_FILE,
  TASKS_FILE,
  WRITER,
} from "./format.ts";
import { type Gap, gapsText } from "./gaps.ts";
import { HeldFolder } from "./held.ts";
import { type DatasetInfo, jsonText, newInfo, withEpisode, withoutLast } from "./info.ts";
import {
  countColumns,
  dataParquet,
  type EpisodeRow,
  episodeParquet,
  type Frames,
  tasksParquet,
} from "./parquet/write.ts";
import { type NewFile, placeInOrder, removeFiles, requireWritable } from "./place.ts";
import { DatasetError, type DatasetProblem } from "./problem.ts";
import { columnStats, type Stats, togetherStats } from "./stats.ts";
import { statsText } from "./stored-stats.ts";
import { nextPlaces, ownFiles, type Written, whatCounts } from "./written.ts";

/** How a dataset is recorded. */
export interface Recorded {
  /** Frames a second. */
  readonly fps: number;
  /** What the positions are. */
  readonly units: NormalisationMode;
}

/** An episode that is to be saved. */
export interface NewEpisode {
  /** What the arm does in it, in a sentence. */
  readonly task: string;
  readonly frames: Frames;
  /** The frames that were lost, and are repetitions of the one before. */
  readonly gaps: readonly Gap[];
}

/** A task's text has no more characters. */
const LONGEST_TASK = 1_000;

/** What is longer is not what we have written. */
const LONGEST_INFO = 1024 * 1024;

/** A dataset's folder, held and locked. Nobody else records into it until it is closed. */
export class DatasetWriter {
  readonly dir: string;
  readonly #held: HeldFolder;
  #written: Written;
  /** The text of `meta/info.json`, as it was written or found last. */
  #infoText: string;

  private constructor(dir: string, held: HeldFolder, written: Written, infoText: string) {
    this.dir = dir;
    this.#held = held;
    this.#written = written;
    this.#infoText = infoText;
  }

  /**
   * Makes a new dataset in a folder that is not there, or has nothing in it. `robotType` is LeRobot's name of the follower.
   * Throws {@link DatasetError}, and nothing has changed.
   */
  static async create(
    dir: string,
    { robotType = ROBOT_TYPE, ...how }: Recorded & { readonly robotType?: string },
  ): Promise<DatasetWriter> {
    return holding(dir, "make", (held) => DatasetWriter.#begin(dir, held, how, robotType));
  }

  /**
   * Goes on with a dataset, and removes what lies beyond its `info.json`. A folder in which one was just being made when that
   * was cut off gets one. Throws {@link DatasetError}, and nothing that counts has changed.
   */
  static async resume(dir: string, how: Recorded): Promise<DatasetWriter> {
    return holding(dir, "throw", async (held) => {
      if (isJustBegun(dir, held.root)) return DatasetWriter.#begin(dir, held, how, ROBOT_TYPE);
      const info = readInfo(dir);
      requireSame(dir, info, how);
      const infoText = readText(dir, INFO_FILE)!;
      const { written, beyond } = await whatCounts(dir, info);
      await removeBeyond(held.root, beyond);
      requireWritable(held.root, [...ownFiles(written), INFO_FILE]);
      return new DatasetWriter(dir, held, written, infoText);
    });
  }

  /** Begins a dataset in a folder that has nothing in it. */
  static async #begin(dir: string, held: HeldFolder, { fps, units }: Recorded, robotType: string) {
    if (readText(dir, INFO_FILE) !== undefined) throw new DatasetError({ kind: "dataset there", dir });
    const other = held.root.names().find((name) => !isOurBeginning(dir, name));
    if (other !== undefined) throw new DatasetError({ kind: "not empty", dir, example: other });
    removeFiles(held.root, temporaryFiles(dir));
    const info = newInfo(fps, robotType);
    const infoText = jsonText(info);
    await placeInOrder(held.root, [
      { path: CARD_FILE, bytes: cardText({ units, fps, robotType, writer: WRITER }) },
      { path: INFO_FILE, bytes: infoText },
    ]);
    const nothing = { tasks: [], stats: {}, gaps: new Map(), lastData: undefined, lastRow: undefined };
    return new DatasetWriter(dir, held, { info, ...nothing }, infoText);
  }

  /** How many episodes and frames the dataset has. */
  get totals(): { readonly episodes: number; readonly frames: number } {
    const { total_episodes: episodes, total_frames: frames } = this.#written.info;
    return { episodes, frames };
  }

  /**
   * Saves an episode: when this returns it survives a loss of power. Throws {@link DatasetError}: the episode is not in the
   * dataset, which is as it was, and may be saved once more; or, where {@link totals} counts it, it is there, and the disk did
   * not confirm that it will last.
   */
  async saveEpisode({ task, frames, gaps }: NewEpisode): Promise<void> {
    this.#require(task, frames);
    this.#requireUnchanged();
    const before = this.#written;
    const episode = before.info.total_episodes;
    const taskIndex = before.tasks.indexOf(task) === -1 ? before.tasks.length : before.tasks.indexOf(task);
    const tasks = taskIndex === before.tasks.length ? [...before.tasks, task] : before.tasks;
    const from = before.info.total_frames;
    const counts = countColumns(frames.length, before.info.fps, { episode, fromIndex: from, taskIndex });
    const stats = statsOf(frames, counts);
    const { data, row } = nextPlaces(before);
    const described: EpisodeRow = {
      ...{ episode, tasks: [task], length: frames.length, data, row, stats },
      ...{ from, to: from + frames.length },
    };
    const after: Written = {
      info: withEpisode(before.info, frames.length, tasks.length),
      tasks,
      stats: episode === 0 ? stats : togetherStats([before.stats, stats]),
      gaps: gaps.length === 0 ? before.gaps : new Map([...before.gaps, [episode, gaps]]),
      lastData: data,
      lastRow: row,
      rowColumns: before.rowColumns,
    };
    const infoText = jsonText(after.info);
    const own = ownFiles(before);
    const files: NewFile[] = [
      { path: own[0], bytes: dataParquet(frames, counts) },
      { path: own[1], bytes: episodeParquet(described, before.rowColumns) },
      { path: TASKS_FILE, bytes: tasksParquet(tasks) },
      { path: STATS_FILE, bytes: statsText(after.stats, after.info) },
      ...(after.gaps === before.gaps ? [] : [{ path: GAPS_FILE, bytes: gapsText(after.gaps) }]),
      { path: INFO_FILE, bytes: infoText },
    ];
    try {
      await placeInOrder(this.#held.root, files, () => {
        this.#written = after;
        this.#infoText = infoText;
      });
    } catch (error) {
      if (this.#written === before) this.#giveUp(own);
      throw error;
    } finally {
      // Some 20 MB were left behind within a second, and nothing may follow for minutes: on a small machine others need them.
      Bun.gc(true);
    }
  }

  /**
   * Removes the last episode: when this returns that survives a loss of power, whatever else is on the way. Throws
   * {@link DatasetError}: where the dataset was changed by somebody else, or has no episode, nothing has changed.
   */
  async removeLastEpisode(): Promise<void> {
    this.#requireUnchanged();
    const { rows, tasks } = await findBeyond(this.dir, this.#written.info);
    const last = rows.at(-1);
    if (last === undefined) {
      throw new DatasetError({ kind: "no episode", dir: this.dir, episode: 0, episodes: 0 });
    }
    const used = new Set(rows.slice(0, -1).flatMap((row) => row.tasks));
    const info = withoutLast(
      this.#written.info,
      last.length,
      tasks.findLastIndex((task) => used.has(task)) + 1,
    );
    // Looked for before anything changes: it refuses an episode that shares its file with others.
    const { written, beyond } = await whatCounts(this.dir, info);
    const infoText = jsonText(info);
    await placeInOrder(this.#held.root, [{ path: INFO_FILE, bytes: infoText }], () => {
      this.#written = written;
      this.#infoText = infoText;
    });
    await removeBeyond(this.#held.root, beyond);
  }

  /** Lets go of the folder. */
  close(): void {
    this.#held.close();
  }

  #require(task: string, { action, state, length }: Frames): void {
    const refuse = (problem: Problem) => new DatasetError({ dir: this.dir, ...problem } as DatasetProblem);
    if (!isTask(task)) throw refuse({ kind: "bad task", task });
    if (length < 1) throw refuse({ kind: "no frames" });
    for (let at = 0; at < length * JOINT_COUNT; at++) {
      if (Number.isFinite(action[at]) && Number.isFinite(state[at])) continue;
      const joint = JOINTS[at % JOINT_COUNT]!;
      throw refuse({ kind: "no position", frame: Math.floor(at / JOINT_COUNT), joint });
    }
  }

  /** LeRobot, or a person, knows nothing of our lock. */
  #requireUnchanged(): void {
    let text: string;
    try {
      const meta = this.#held.root.folder("meta");
      try {
        text = meta.read("info.json", LONGEST_INFO).bytes.toString("utf8");
      } finally {
        meta.close();
      }
    } catch (error) {
      throw asDatasetError(this.dir, `${this.dir}/${INFO_FILE}`, error);
    }
    if (text !== this.#infoText) throw new DatasetError({ kind: "changed", dir: this.dir });
  }

  /** Removes an episode's files that do not count. What cannot be removed is, by who resumes. */
  #giveUp(paths: readonly string[]): void {
    try {
      removeFiles(this.#held.root, paths);
    } catch {}
  }
}

type Problem = DatasetProblem extends infer Each ? (Each extends unknown ? Omit<Each, "dir"> : never) : never;

/** Whether a text may be a task's. */
function isTask(text: string): boolean {
  return text.trim() !== "" && text.length <= LONGEST_TASK && isVisible(text);
}

/** Holds a folder for a writer that `work` makes, and lets go of it when that throws. */
async function holding(
  dir: string,
  missing: "make" | "throw",
  work: (held: HeldFolder) => Promise<DatasetWriter>,
): Promise<DatasetWriter> {
  const held = HeldFolder.take(dir, missing);
  try {
    return await work(held);
  } catch (error) {
    held.close();
    throw asDatasetError(dir, dir, error);
  }
}

/** Throws {@link DatasetError} where recording into a dataset as is asked would make two kinds of frames one. */
function requireSame(dir: string, info: DatasetInfo, { fps, units }: Recorded): void {
  const column = otherColumn(info.features);
  if (column !== undefined || !isOurRobot(info.robot_type)) {
    throw new DatasetError({ kind: "other robot", dir, robotType: info.robot_type, column });
  }
  if (info.fps !== fps) throw new DatasetError({ kind: "other fps", dir, has: info.fps, wanted: fps });
  const has = readUnits(dir);
  if (has !== units) throw new DatasetError({ kind: "other units", dir, has, wanted: units });
}

function statsOf({ action, state, length }: Frames, counts: ReturnType<typeof countColumns>): Stats {
  const one = (values: ArrayLike<number>) => columnStats(values, 1, length);
  return {
    action: columnStats(action, JOINT_COUNT, length),
    "observation.state": columnStats(state, JOINT_COUNT, length),
    ...{ timestamp: one(counts.timestamp), frame_index: one(counts.frame_index) },
    ...{ episode_index: one(counts.episode_index), index: one(counts.index) },
    task_index: one(counts.task_index),
  };
}
