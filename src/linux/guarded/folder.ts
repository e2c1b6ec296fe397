/**
 * A folder that others may write to, held open: nobody can make what is read or written there something else. No link is
 * followed, only files of a bounded size are read, nothing is waited for, and what root need not do is done with lesser
 * rights. Everything below the root of a calibration tree goes through here.
 */
import { closeSync, fchmodSync, fchownSync, fstatSync, fsyncSync, type Stats } from "node:fs";
import { isSystemError, type SystemError } from "../system-error.ts";
import { nameBehindTemporary, temporaryName } from "../temporary.ts";
import {
  makeFolderAt,
  makeLinkAt,
  namesIn,
  openAt,
  readLink,
  removeAt,
  removeFolderAt,
  renameAt,
} from "./at.ts";
import { about, type FileRead, openRegular, readAt, writeAt } from "./file.ts";
import { kindOf, OddFileError, refuseNoFile, refuseOdd } from "./odd-file.ts";
import { invokerUid, type Rights, takeRights, userOfFiles } from "./rights.ts";

/** Whoever made it, the group writes to it, and what is made in it is the group's. */
const FOLDER_MODE = 0o2775;

/** No writing takes so long: who made the file was killed, or lost power. */
const OLD_AFTER_MS = 6 * 3_600_000;

/** As many entries of a folder are looked at: a tree has as many as there are arms. */
const MOST_NAMES = 512;

/** A file that is complete on the disk and has not got its name yet. */
export interface Staged {
  /** Gives it its name, in the place of what has that. Throws the system's error. */
  commit(): void;
  /** Removes it. Never throws. */
  discard(): void;
}

/** A folder that is held open until {@link close}. Errors are the system's, with the path of what they are about. */
export class GuardedFolder {
  /** Its path, for people. */
  readonly path: string;
  readonly stats: Stats;
  readonly #fd: number;
  #isSwept = false;

  /** Takes over a file descriptor that was opened to look at the folder. Throws {@link OddFileError} for another thing. */
  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.path = path;
    this.stats = fstatSync(fd);
    if (this.stats.isDirectory()) return;
    closeSync(fd);
    const what = this.stats.isSymbolicLink()
      ? "a link, and links are not followed there: put a folder in its place"
      : `not a folder, but ${kindOf(this.stats)}`;
    throw new OddFileError(path, what);
  }

  /** Lets go of it. */
  close(): void {
    closeSync(this.#fd);
  }

  /** The path of what has a name there. */
  pathOf(name: string): string {
    return this.path === "/" ? `/${name}` : `${this.path}/${name}`;
  }

  /** What has a name there; undefined where nothing has. Throws the system's error. */
  look(name: string): Stats | undefined {
    const fd = this.#opened(name);
    if (fd === undefined) return undefined;
    try {
      return fstatSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Where the link of that name leads; undefined where that is no link, or nothing. Throws the system's error. */
  linkTarget(name: string): string | undefined {
    const fd = this.#opened(name);
    if (fd === undefined) return undefined;
    try {
      return fstatSync(fd).isSymbolicLink() ? readLink(fd, this.pathOf(name)) : undefined;
    } finally {
      closeSync(fd);
    }
  }

  /** The folder of that name. Throws the system's error; {@link OddFileError} where something else has the name. */
  folder(name: string): GuardedFolder {
    const path = this.pathOf(name);
    return new GuardedFolder(
      this.#as(() => openAt(this.#fd, this.#reach(name), "look", path)),
      path,
    );
  }

  /** The folder of that name, which is made where nothing has it: for the group, and lasting. Throws as {@link folder}. */
  makeFolder(name: string): GuardedFolder {
    if (this.look(name) !== undefined) return this.folder(name);
    const path = this.pathOf(name);
    return this.#as(() => {
      try {
        makeFolderAt(this.#fd, this.#reach(name), FOLDER_MODE & 0o777, path);
      } catch (error) {
        if (!isSystemError(error) || error.code !== "EEXIST") throw error; // somebody else was faster
      }
      const made = new GuardedFolder(openAt(this.#fd, this.#reach(name), "look", path), path);
      made.#shareLike(this.stats);
      this.#syncOr(() => {
        made.close();
        removeFolderAt(this.#fd, this.#reach(name), path);
      });
      return made;
    });
  }

  /** Makes a link that lasts, where nothing has the name. Throws the system's error. */
  makeLink(name: string, target: string): void {
    const path = this.pathOf(name);
    this.#as(() => {
      makeLinkAt(target, this.#fd, name, path);
      this.#syncOr(() => removeAt(this.#fd, name, path));
    });
  }

  /** The names there, and no more than any tree of calibrations has, or `most`. Throws the system's error. */
  names(most = MOST_NAMES): string[] {
    return this.#as(() => this.#listed((fd) => namesIn(fd, most, this.path)));
  }

  /**
   * Reads a file of at most so many bytes. Throws the system's error; {@link OddFileError} for what is no file, is larger,
   * or has another name too: a hard link may be to a file that others must not read.
   */
  read(name: string, mostBytes: number): FileRead {
    return this.#as(() => readAt(this.#fd, name, this.pathOf(name), mostBytes, refuseOdd));
  }

  /**
   * Reads a file that a person named: with the rights that there are, and whatever further names it has.
   * Throws as {@link read}.
   */
  readNamed(name: string, mostBytes: number): FileRead {
    return readAt(this.#fd, name, this.pathOf(name), mostBytes, refuseNoFile);
  }

  /** Opens a file that a person named, to be read piece by piece, and closed. Throws as {@link readNamed}. */
  openNamed(name: string): number {
    return openRegular(this.#fd, name, this.pathOf(name), refuseNoFile);
  }

  /**
   * Writes a text to the disk that is to be a file's. It gets the mode, and as far as possible the owner, of the file that
   * is there, or of the one that `like` tells of. Throws the system's error; {@link OddFileError} where a folder has the name.
   */
  stage(name: string, text: string | Buffer, like = this.#fileLike(name)): Staged {
    const path = this.pathOf(name);
    if (this.look(name)?.isDirectory()) throw new OddFileError(path, "not a file, but a folder");
    this.#sweep();
    const temporary = temporaryName(name);
    const discard = () => this.#as(() => attempt(() => removeAt(this.#fd, temporary, path)));
    try {
      this.#as(() => writeAt(this.#fd, temporary, path, text, like));
    } catch (error) {
      discard();
      throw error;
    }
    return {
      commit: () => {
        try {
          this.#as(() => renameAt(this.#fd, temporary, name, path));
        } catch (error) {
          discard();
          throw error;
        }
      },
      discard,
    };
  }

  /**
   * Replaces what has a name by a file with this text: a loss of power leaves the one or the other. A link is replaced,
   * and what it leads to is not touched. Throws as {@link stage}, and nothing has changed; returns what {@link sync} does.
   */
  replace(name: string, text: string): SystemError | undefined {
    this.stage(name, text).commit();
    return this.sync();
  }

  /** Removes a file, or a link, if it is there. Throws the system's error; returns what {@link sync} does. */
  remove(name: string): SystemError | undefined {
    if (this.look(name) === undefined) return undefined;
    this.#as(() => removeAt(this.#fd, name, this.pathOf(name)));
    return this.sync();
  }

  /** Makes what was changed there survive a loss of power; returns why it may not. */
  sync(): SystemError | undefined {
    try {
      this.#as(() => this.#listed((fd) => fsyncSync(fd)));
      return undefined;
    } catch (error) {
      const refused = about(this.path, error);
      if (isSystemError(refused)) return refused;
      throw error;
    }
  }

  /** Syncs it. Throws the system's error when it cannot be, with what was made just now undone. */
  #syncOr(undo: () => void): void {
    const refused = this.sync();
    if (refused === undefined) return;
    attempt(undo);
    throw refused;
  }

  /** What has a name, opened to be looked at. */
  #opened(name: string): number | undefined {
    try {
      return this.#as(() => openAt(this.#fd, this.#reach(name), "look", this.pathOf(name)));
    } catch (error) {
      if (isSystemError(error) && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  /**
   * A name as system calls take it. Whole paths in the top folder: under an emulator, which has folders of the emulated
   * system stand in for some of the machine's, the top folder itself is the wrong one.
   */
  #reach(name: string): string {
    return this.path === "/" ? `/${name}` : name;
  }

  #listed<T>(work: (fd: number) => T): T {
    const fd = openAt(this.#fd, ".", "list", this.path);
    try {
      return work(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** What says how a file that replaces another is to be: nothing but a file says that. */
  #fileLike(name: string): Stats | undefined {
    const stats = this.look(name);
    return stats?.isFile() && stats.nlink === 1 ? stats : undefined;
  }

  /** Gives a folder that was just made the bits and the group of a shared one, as far as this user may. */
  #shareLike(parent: Stats): void {
    const { uid, gid, mode } = this.stats;
    const isShared = gid === parent.gid && (mode & 0o7777) === FOLDER_MODE;
    // Another's could have been put in its place meanwhile.
    if (isShared || uid !== userOfFiles()) return;
    attempt(() =>
      this.#listed((fd) => {
        if (gid !== parent.gid) attempt(() => fchownSync(fd, uid, parent.gid));
        fchmodSync(fd, FOLDER_MODE);
      }),
    );
  }

  /** Removes what earlier writers left when they were killed: once for a folder, before the first file. Never throws. */
  #sweep(): void {
    if (this.#isSwept) return;
    this.#isSwept = true;
    attempt(() => {
      for (const name of this.names().filter(nameBehindTemporary)) {
        const age = Date.now() - (this.look(name)?.mtimeMs ?? Number.POSITIVE_INFINITY);
        if (age > OLD_AFTER_MS) this.#as(() => attempt(() => removeAt(this.#fd, name, this.pathOf(name))));
      }
    });
  }

  /** Does something with no more rights than it needs here. */
  #as<T>(work: () => T): T {
    const rights = rightsIn(this.stats);
    const giveBack = rights && takeRights(rights);
    try {
      return work();
    } finally {
      giveBack?.();
    }
  }
}

/**
 * With whose rights root uses a folder: a user's with that user's, so that what is made there is the user's; one that a
 * group writes with the group's, for whoever called sudo; its own with its own. Where root may not take them, as in a
 * container of few rights, it does without: the guard does not rest on them.
 */
function rightsIn({ uid, gid, mode }: Stats): Rights | undefined {
  if (userOfFiles() !== 0) return undefined;
  if (uid !== 0) return { uid, gid, groups: [gid] };
  const invoker = invokerUid();
  return invoker === undefined || (mode & 0o020) === 0 ? undefined : { uid: invoker, gid, groups: [gid] };
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {}
}
