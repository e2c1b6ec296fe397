/** How much room there is for a dataset. */
import { statfsSync } from "node:fs";

/** A machine whose disk is full does worse than not to record. */
export const LEAST_FREE_MB = 500;

const MB = 1e6;

/** What is free where a folder is, for who is not root, MB. Throws the system's error. */
export function freeMbAt(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return (bavail * bsize) / MB;
}
