/** Checks of videos, as far as that can be done without decoding them: each is there, with the frames and the time it needs. */
import { OddFileError } from "../../linux/guarded/odd-file.ts";
import { isSystemError } from "../../linux/system-error.ts";
import { videoFile } from "../format.ts";
import type { DatasetInfo } from "../info.ts";
import { camerasOf, type StoredRow } from "../rows.ts";
import type { Found } from "./finding.ts";
import { type VideoFrames, videoFrames } from "./mp4.ts";

/** LeRobot's own tolerance. */
const TOLERANCE_S = 1e-4;
/** LeRobot takes the frame whose number is the time by the rate: within a video of an hour it must be the right one. */
const RATE_TOLERANCE = 1e-5;

/** Checks the videos of all episodes. Throws the system's error. */
export function checkVideos(dir: string, info: DatasetInfo, rows: readonly StoredRow[]): Found[] {
  return camerasOf(info.features).flatMap((column) => {
    const files = Map.groupBy(rows, (row) => videoFile(info.video_path ?? "", column, row.videos[column]!));
    return [
      ...[...files].flatMap(([file, episodes]) => checkFile(dir, file, episodes, info)),
      ...checkTimes(rows, column, info),
    ];
  });
}

/** A file has as many frames as its episodes, at the dataset's rate. */
function checkFile(dir: string, file: string, episodes: readonly StoredRow[], { fps }: DatasetInfo): Found[] {
  const video = framesIn(`${dir}/${file}`);
  if (video === "missing") return episodes.map(({ episode }) => ({ kind: "no video", episode, file }));
  if (video === undefined) return [{ kind: "damaged video", file }];
  const wanted = episodes.reduce((sum, { length }) => sum + length, 0);
  const { frames: has, perSecond } = video;
  return [
    ...(has === wanted ? [] : [{ kind: "video frames", file, has, wanted } as const]),
    ...(Math.abs(perSecond - fps) <= RATE_TOLERANCE * fps
      ? []
      : [{ kind: "video rate", file, has: perSecond, wanted: fps } as const]),
  ];
}

function framesIn(path: string): VideoFrames | "missing" | undefined {
  try {
    return videoFrames(path);
  } catch (error) {
    if (isSystemError(error) || error instanceof OddFileError) return "missing";
    throw error;
  }
}

/** An episode has the seconds that its frames take, right after those of the episode before it in the same file. */
function checkTimes(rows: readonly StoredRow[], column: string, { fps }: DatasetInfo): Found[] {
  return rows.flatMap((row, at): Found[] => {
    const { episode, length } = row;
    const [part, before] = [row.videos[column]!, rows[at - 1]?.videos[column]];
    const follows = before?.chunk === part.chunk && before.file === part.file;
    const start = follows ? before.toS : 0;
    const [has, wanted] = [part.toS - part.fromS, length / fps];
    return [
      ...(Math.abs(has - wanted) <= TOLERANCE_S
        ? []
        : [{ kind: "video time", episode, column, has, wanted } as const]),
      ...(Math.abs(part.fromS - start) <= TOLERANCE_S
        ? []
        : [{ kind: "video start", episode, column, has: part.fromS, wanted: start } as const]),
    ];
  });
}
