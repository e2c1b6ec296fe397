/** Where a path leads: boards are known by links, and come and go. */
import { realpathSync } from "node:fs";

/** What a path leads to, without links; undefined where nothing is there. Never throws. */
export function targetOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** What a path leads to, without links; the path itself where nothing is there: its board may be away. Never throws. */
export function realPath(path: string): string {
  return targetOf(path) ?? path;
}
