/** Putting files in their places so that a loss of power leaves some of the first of them, each whole, and no more. */
import { setImmediate } from "node:timers/promises";
import type { GuardedFolder, Staged } from "../linux/guarded/folder.ts";
import { asDatasetError } from "./files.ts";

/** A file that is to be there. */
export interface NewFile {
  /** Below the dataset's folder. */
  readonly path: string;
  readonly bytes: Buffer | string;
}

/**
 * Writes all files to the disk under temporary names, then gives them their names in this order, each lasting before the next
 * one. Where anything is refused before the first has its name, as by a full disk, nothing has changed. Calls `placed` once
 * the last one has its name. Throws {@link DatasetError}.
 */
export async function placeInOrder(
  root: GuardedFolder,
  files: readonly NewFile[],
  placed: () => void = () => {},
): Promise<void> {
  const folders = new OpenFolders(root);
  const staged: { readonly file: NewFile; readonly folder: GuardedFolder; readonly staged: Staged }[] = [];
  let at = root.path;
  try {
    for (const file of files) {
      at = `${root.path}/${file.path}`;
      const folder = folders.made(file.path);
      staged.push({ file, folder, staged: folder.stage(nameOf(file.path), file.bytes) });
      // Whoever waits for this process is served between two files: a slow card takes its time for each.
      await setImmediate();
    }
    while (staged.length > 0) {
      const [{ file, folder, staged: next }] = staged as [(typeof staged)[number]];
      at = `${root.path}/${file.path}`;
      staged.shift();
      next.commit();
      if (staged.length === 0) placed();
      const unsynced = folder.sync();
      if (unsynced !== undefined) throw unsynced;
      await setImmediate();
    }
  } catch (error) {
    throw asDatasetError(root.path, at, error);
  } finally {
    for (const { staged: left } of staged) left.discard();
    folders.close();
  }
}

/** Throws {@link DatasetError} where files could not be placed: whoever is to wait for them is told so before. */
export function requireWritable(root: GuardedFolder, paths: readonly string[]): void {
  const folders = new OpenFolders(root);
  try {
    for (const path of paths) {
      try {
        folders.made(path).stage(nameOf(path), "").discard();
      } catch (error) {
        throw asDatasetError(root.path, `${root.path}/${path}`, error);
      }
    }
  } finally {
    folders.close();
  }
}

/** Removes files, those that are there. Throws {@link DatasetError}. */
export function removeFiles(root: GuardedFolder, paths: readonly string[]): void {
  const folders = new OpenFolders(root);
  try {
    for (const path of paths) {
      try {
        const unsynced = folders.found(path)?.remove(nameOf(path));
        if (unsynced !== undefined) throw unsynced;
      } catch (error) {
        throw asDatasetError(root.path, `${root.path}/${path}`, error);
      }
    }
  } finally {
    folders.close();
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Folders below the dataset's, held open while files are put into them. */
class OpenFolders {
  readonly #root: GuardedFolder;
  readonly #open = new Map<string, GuardedFolder>();

  constructor(root: GuardedFolder) {
    this.#root = root;
  }

  /** The folder of a file; those that are missing are made. */
  made(path: string): GuardedFolder {
    return this.#walk(path, (folder, name) => folder.makeFolder(name))!;
  }

  /** The folder of a file, if it is there. */
  found(path: string): GuardedFolder | undefined {
    return this.#walk(path, (folder, name) =>
      folder.look(name) === undefined ? undefined : folder.folder(name),
    );
  }

  close(): void {
    for (const folder of this.#open.values()) folder.close();
  }

  #walk(path: string, enter: (folder: GuardedFolder, name: string) => GuardedFolder | undefined) {
    let [folder, at] = [this.#root, ""];
    for (const name of path.split("/").slice(0, -1)) {
      at += `${name}/`;
      const next = this.#open.get(at) ?? enter(folder, name);
      if (next === undefined) return undefined;
      this.#open.set(at, next);
      folder = next;
    }
    return folder;
  }
}
