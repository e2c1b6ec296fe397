/** Removing what programs that were killed have left of the files that they were about to replace. */
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { nameBehindTemporary } from "./temporary.ts";

/** A program that still writes has written its temporary file more lately than this, whatever it waits for: ms. */
const ABANDONED_AFTER_MS = 3_600_000;

/**
 * Removes the abandoned temporary files of one file from its folder. Never throws: what cannot be
 * removed is not worth failing for.
 */
export function sweep(folder: string, name: string): void {
  try {
    for (const entry of readdirSync(folder)) {
      if (nameBehindTemporary(entry) !== name) continue;
      const abandoned = join(folder, entry);
      if (Date.now() - lstatSync(abandoned).mtimeMs > ABANDONED_AFTER_MS) rmSync(abandoned);
    }
  } catch {}
}
