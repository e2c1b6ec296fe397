/**
 * The locks of a pair. Who has them listens on its socket and drives its arms, and nobody else does: so a command that
 * asks on the socket asks who drives.
 *
 * There is one beside the socket. A user's own program, whose socket is in a place of the user's, has the system's too
 * where that is there: otherwise it would take the arms whenever the service starts again. Who may use the boards may
 * lock it, and so may keep the service waiting, which names them: that they can by the boards as well.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import * as v from "valibot";
import { lockPath } from "../api/address.ts";
import { groupId } from "../linux/groups.ts";
import { FileLock } from "../linux/lock.ts";
import { lockOwnerOf } from "../linux/owners/owner.ts";
import type { Owner } from "../linux/owners/program.ts";
import { type Mode, PAIR_MODES } from "../teleop/state/states.ts";

/** Who may use the boards may have a pair. */
const GROUP = "dialout";

/** What the owner of a lock notes in its file. It is the kernel that says who that is; the name is what it may not say. */
const noteSchema = v.object({
  pid: v.number(),
  name: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,15}$/)),
  mode: v.picklist(PAIR_MODES),
  /** A client drove, or had driven: no leader is to be followed before a person has moved it, or asks to go on. */
  awaitsLeader: v.optional(v.boolean()),
  /** It was told to stop, by somebody who wants the next one to begin anew. */
  isStopped: v.optional(v.boolean()),
});
type Note = v.InferOutput<typeof noteSchema>;

/** Another program has the pair. */
export interface Taken {
  /** Undefined when that cannot be seen. */
  readonly owner: Owner | undefined;
}

/** The sockets whose locks a program must have. */
export interface PairSockets {
  /** Its own. */
  readonly own: string;
  /** That of the system's service, where it is another one. */
  readonly system?: string | undefined;
}

/** Whether a program that gets a pair has waited for the end of the one before. */
export type After = "a wait" | "no wait";

/** The locks of a pair, all of which this process has. */
export class PairLock {
  #locks: readonly FileLock[];
  #mode: Mode;
  #awaitsLeader: boolean;

  private constructor(locks: readonly FileLock[], after: After) {
    this.#locks = locks;
    this.#mode = modeIn(locks, after);
    this.#awaitsLeader = notesOf(locks, after).some(({ awaitsLeader }) => awaitsLeader);
    this.#note();
  }

  /** Takes the locks, all or none, without waiting. Throws where one cannot be made: the system's error, or one in words. */
  static take({ own, system }: PairSockets, after: After = "no wait"): PairLock | Taken {
    const locks: FileLock[] = [];
    try {
      if (system !== undefined && system !== own) {
        const lock = FileLock.takeIfThere(lockPath(system));
        if (isTaken(lock)) return takenAt(lockPath(system), lock.note);
        if (lock !== undefined) locks.push(lock);
      }
      const lock = takeMaking(lockPath(own));
      if (isTaken(lock)) return takenAt(lockPath(own), lock.note);
      return new PairLock([...locks.splice(0), lock], after);
    } finally {
      for (const lock of locks) lock.release();
    }
  }

  /**
   * What somebody wanted of the pair last. It outlives a program that is killed, and one that hands over: what was
   * released stays so until somebody says otherwise. Of one that was stopped it is kept by who has waited for its end:
   * nobody has told that one to move the arms.
   */
  get mode(): Mode {
    return this.#mode;
  }

  set mode(mode: Mode) {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#note();
  }

  /** Whether no leader is to be followed before a person has moved it, or asks to go on. It outlives a program as the mode does. */
  get awaitsLeader(): boolean {
    return this.#awaitsLeader;
  }

  set awaitsLeader(awaitsLeader: boolean) {
    if (awaitsLeader === this.#awaitsLeader) return;
    this.#awaitsLeader = awaitsLeader;
    this.#note();
  }

  /**
   * Sees to it that the locks still are the pair's: a file that was removed or replaced is made and locked again. Where
   * another program was faster, that one has the pair now. Never throws: what cannot be made nobody else can have.
   */
  keep(): "kept" | Taken {
    for (const lock of this.#locks) {
      if (lock.isInPlace) continue;
      try {
        const again = takeMaking(lock.path);
        if (isTaken(again)) return takenAt(lock.path, again.note);
        this.#locks = this.#locks.map((each) => (each === lock ? again : each));
        lock.release();
        this.#note();
      } catch {}
    }
    return "kept";
  }

  /** Notes that this program was told to stop: who is started after it begins anew. */
  noteStopped(): void {
    this.#note({ isStopped: true });
  }

  /** Gives the pair to whoever waits for it. */
  release(): void {
    for (const lock of this.#locks) lock.release();
    this.#locks = [];
  }

  #note(of: Partial<Note> = {}): void {
    const note: Note = {
      pid: process.pid,
      name: ownName(),
      mode: this.#mode,
      ...(this.#awaitsLeader && { awaitsLeader: true }),
      ...of,
    };
    for (const lock of this.#locks) lock.note = JSON.stringify(note);
  }
}

/** Locks a file, which is made where it is not there, and its folder. */
function takeMaking(path: string): ReturnType<typeof FileLock.take> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  return FileLock.take(path, groupId(GROUP));
}

function isTaken<Attempt extends FileLock | { readonly note: string } | undefined>(
  attempt: Attempt,
): attempt is Exclude<Attempt, FileLock | undefined> {
  return attempt !== undefined && !(attempt instanceof FileLock);
}

/** Who has a lock: the kernel knows the process, and where its name may not be seen, it has noted that itself. */
function takenAt(path: string, text: string): Taken {
  const owner = lockOwnerOf(path);
  const note = noteIn(text);
  if (owner === undefined || owner.name !== undefined || note?.pid !== owner.pid) return { owner };
  return { owner: { pid: owner.pid, name: note.name } };
}

/** What programs that have ended have noted for who comes after them. */
function notesOf(locks: readonly FileLock[], after: After): Note[] {
  const notes = locks.flatMap(({ note }) => noteIn(note) ?? []);
  return notes.filter(({ isStopped }) => !(isStopped && after === "no wait"));
}

/** A pause or a release that a program which has ended was asked for. */
function modeIn(locks: readonly FileLock[], after: After): Mode {
  const modes = notesOf(locks, after).map(({ mode }) => mode);
  return modes.find((mode) => mode === "released") ?? modes.find((mode) => mode === "paused") ?? "running";
}

function noteIn(text: string): Note | undefined {
  try {
    return v.parse(noteSchema, JSON.parse(text));
  } catch {
    return undefined; // a new file, or somebody else's
  }
}

function ownName(): string {
  return readFileSync("/proc/self/comm", "utf8").trim();
}
