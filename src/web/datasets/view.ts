/** What a page shows of a dataset, and of an episode. Runs in a process of its own (`so101 dataset-view`). */
import { checkDataset } from "../../dataset/check/check.ts";
import { readDataset, readEpisode } from "../../dataset/dataset.ts";
import { DatasetError } from "../../dataset/problem.ts";
import { sayFinding } from "../../messages/findings.ts";
import type { DatasetContent, DatasetReply, EpisodeReply } from "./messages.ts";

/** More than anybody scrolls through, or mends one by one. */
const MOST_EPISODES = 1_000;
const MOST_FINDINGS = 100;
/** A wide screen has so many pixels. */
const MOST_POINTS = 2_000;

/** What is in a dataset, and what the check finds. Rejects with what keeps it from being looked at. */
export async function viewDataset(dir: string): Promise<DatasetReply> {
  const findings = (await checkDataset(dir)).map((finding) => ({
    level: finding.level,
    text: sayFinding(finding),
  }));
  const content = await contentOf(dir).catch((error) => {
    // What keeps it from being read is among what is wrong with it.
    if (error instanceof DatasetError && findings.length > 0) return null;
    throw error;
  });
  const worstFirst = findings.toSorted((a, b) => a.level.localeCompare(b.level));
  return { content, findings: worstFirst.slice(0, MOST_FINDINGS), findingCount: findings.length };
}

async function contentOf(dir: string): Promise<DatasetContent> {
  const { info, units = null, episodes } = await readDataset(dir);
  const shown = episodes.slice(0, MOST_EPISODES);
  return {
    ...{ fps: info.fps, robotType: info.robot_type, units, episodeCount: episodes.length },
    episodes: shown.map(({ number, length, tasks, gaps }) => ({
      ...{ number, frames: length, tasks },
      gaps: gaps.reduce((sum, { frames }) => sum + frames, 0),
    })),
  };
}

/** An episode's plots: as many points as a screen has pixels. Rejects as {@link viewDataset}. */
export async function viewEpisode(dir: string, number: number): Promise<EpisodeReply> {
  const { length, fps, names, actions, states, timestamps } = await readEpisode(dir, number);
  const every = Math.max(1, Math.ceil(length / MOST_POINTS));
  const shown = Array.from({ length: Math.ceil(length / every) }, (_, at) => at * every);
  const line = (values: Float32Array, index: number) => {
    const width = values.length / length;
    return index < width ? shown.map((frame) => rounded(values[frame * width + index]!)) : null;
  };
  const count = Math.max(actions.length, states.length) / length;
  return {
    ...{ number, fps, frames: length, every },
    timesS: shown.map((frame) => rounded(timestamps[frame]!)),
    lines: Array.from({ length: count }, (_, index) => ({
      name: names[index]?.replace(/\.pos$/, "") ?? `number ${index + 1}`,
      action: line(actions, index),
      state: line(states, index),
    })),
  };
}

/** A thousandth is finer than any pixel, and a third as long. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
