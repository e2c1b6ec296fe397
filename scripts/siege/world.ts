/** What is on the disk of an attack: taken as a snapshot, and compared with what it may be. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** What is below a folder: each path in it, and what is there; of regular files the content. */
export type Snapshot = ReadonlyMap<string, string>;

/** Takes in what is below a folder, but for names that `isLeftOut` names. Follows no link, and opens regular files only. */
export function snapshot(folder: string, isLeftOut: (path: string) => boolean = () => false): Snapshot {
  const found = new Map<string, string>();
  const visit = (path: string) => {
    for (const name of readdirSync(join(folder, path)).toSorted()) {
      const inner = join(path, name);
      if (isLeftOut(inner)) continue;
      const stats = lstatSync(join(folder, inner));
      if (stats.isDirectory()) {
        found.set(inner, "folder");
        visit(inner);
      } else if (stats.isSymbolicLink()) found.set(inner, `link to ${readlinkSync(join(folder, inner))}`);
      else if (!stats.isFile()) found.set(inner, "special");
      else if (stats.size > 1e6) found.set(inner, `${stats.size} bytes`);
      else found.set(inner, readFileSync(join(folder, inner), "latin1"));
    }
  };
  visit("");
  return found;
}

/** The paths at which two snapshots differ. */
export function differences(a: Snapshot, b: Snapshot): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path));
}
