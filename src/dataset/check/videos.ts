/** Checks of videos, as far as that can be done without decoding them: each is there, and has the time that its episode needs. */
import type { Stats as FileStats } from "node:fs";
import { inFolder } from "../../linux/guarded/path.ts";
import { videoFile } from "../format.ts";
import type { DatasetInfo } from "../info.ts";
import { camerasOf, type StoredRow } from "../rows.ts";
import type { Found } from "./finding.ts";

/** LeRobot's own tolerance. */
const TOLERANCE_S = 1e-4;

/** Checks the videos of all episodes. Throws the system's error. */
export function checkVideos(dir: string, info: DatasetInfo, rows: readonly StoredRow[]): Found[] {
  return camerasOf(info.features).flatMap((column) =>
    rows.flatMap((row) => checkVideo(dir, info, row, column)),
  );
}

function checkVideo(dir: string, { video_path, fps }: DatasetInfo, row: StoredRow, column: string): Found[] {
  const { episode, length } = row;
  const part = row.videos[column]!;
  const file = videoFile(video_path ?? "", column, part);
  const found: Found[] = [];
  if (!(look(dir, file)?.isFile() ?? false)) found.push({ kind: "no video", episode, file });
  const [has, wanted] = [part.toS - part.fromS, length / fps];
  if (!(Math.abs(has - wanted) <= TOLERANCE_S))
    found.push({ kind: "video time", episode, column, has, wanted });
  return found;
}

function look(dir: string, file: string): FileStats | undefined {
  const [folder, name] = [file.slice(0, file.lastIndexOf("/")), file.slice(file.lastIndexOf("/") + 1)];
  try {
    return inFolder(`${dir}/${folder}`, "throw", (held) => held.look(name));
  } catch {
    return undefined;
  }
}
