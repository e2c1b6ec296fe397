/**
 * Serves the fleet's list on a Unix socket, to be read only. The broker is asked for it while somebody reads. Who reads
 * slowly is told what is newest once it reads again: nothing is kept for it but a line.
 */
import { lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Socket, UnixSocketListener } from "bun";
import { groupId } from "../../linux/groups.ts";
import { madeFor } from "../../linux/made-for.ts";
import type { FleetWatch } from "../fleet/watch.ts";
import {
  type FleetRow,
  type FleetUpdate,
  LIST_BEAT_MS,
  LIST_REQUEST,
  LIST_VERSION,
  LONGEST_LIST_LINE_BYTES,
  rowOf,
} from "./protocol.ts";

/** What hears the fleet at the broker. */
export interface ListedFleet {
  readonly watch: FleetWatch;
  /** Why nothing is heard now, in words; null while the broker is. */
  readonly trouble: string | null;
  close(): void;
}

/** What is served. */
export interface FleetListOptions {
  readonly path: string;
  /** This machine's name at the broker. */
  readonly machine: string;
  /** Begins to hear the fleet: called for the first who reads, and again after all had gone. */
  open(): ListedFleet;
}

/** Who may use the boards may read, too. */
const GROUP = "dialout";
const MODE = 0o660;
const MOST_READERS = 16;
/** Changes are told so often at most … */
const TELL_EVERY_MS = 250;
/** … and so soon, where none was told just before. */
const LOOK_EVERY_MS = 100;
/** Who has gone may be back in a moment, as the page's server is that starts anew. */
const LINGER_MS = 10_000;
/** Who says nothing, or takes nothing, for so long has gone, or is stopped. */
const SILENT_MS = 30_000;

interface Reader {
  said: string;
  /** Up to which change it has been told; undefined before it has asked. */
  at: number | undefined;
  /** The rest of a line that did not go out at once. */
  unsent: Uint8Array | undefined;
  takenMs: number;
}

type ReaderSocket = Socket<Reader>;

/** Who was told nothing since so many pairs went is told all anew. */
const MOST_REMOVED = 200;
/** What stands in a line beside its pairs: names of pairs that are no more, and why nothing is heard. */
const ROOM_FOR_THE_REST = 65_536;

/** What is listed of a pair, and its place in the order of all changes. */
interface Listed {
  readonly row: FleetRow;
  readonly text: string;
  readonly change: number;
}

/** The list, being served until it is closed. */
export class FleetListServer {
  readonly #options: FleetListOptions;
  readonly #listener: UnixSocketListener<Reader>;
  readonly #inode: number;
  readonly #readers = new Set<ReaderSocket>();
  readonly #listed = new Map<string, Listed>();
  readonly #removed = new Map<string, number>();
  /** Whoever was told no more than this is told all anew. */
  #oldestRemoved = 0;
  #timer: NodeJS.Timeout | undefined;
  #ear: ListedFleet | undefined;
  #seen = 0;
  /** From 1: a reader that was told of it has been told something. */
  #change = 1;
  #aloneSinceMs = Number.NEGATIVE_INFINITY;
  #toldMs = 0;
  #hasNews = false;
  #trouble: string | null = null;

  /** Throws the system's error when it cannot listen there. A socket that was left there is replaced. */
  constructor(options: FleetListOptions) {
    this.#options = options;
    const { path } = options;
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const unnamed = `${path}~`;
    rmSync(unnamed, { force: true });
    // For those alone who may read from its first moment; then it takes the place of what was left there.
    this.#listener = madeFor({ group: groupId(GROUP), mode: MODE }, () => this.#listenAt(unnamed));
    renameSync(unnamed, path);
    this.#inode = lstatSync(path).ino;
  }

  /** Ends all connections and takes the socket away. */
  close(): void {
    clearInterval(this.#timer);
    this.#listener.stop(true);
    this.#ear?.close();
    const { path } = this.#options;
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === this.#inode) rmSync(path, { force: true });
  }

  #listenAt(unix: string): UnixSocketListener<Reader> {
    return Bun.listen<Reader>({
      unix,
      socket: {
        open: (socket) => {
          socket.data = { said: "", at: undefined, unsent: undefined, takenMs: performance.now() };
          if (this.#readers.size >= MOST_READERS) socket.end();
          else this.#readers.add(socket);
          this.#timer ??= setInterval(() => this.#look(performance.now()), LOOK_EVERY_MS);
        },
        data: (socket, bytes) => this.#hear(socket, bytes),
        drain: (socket) => this.#flow(socket),
        close: (socket) => {
          this.#readers.delete(socket);
          if (this.#readers.size === 0) this.#aloneSinceMs = performance.now();
        },
        error: (socket) => {
          socket.terminate();
        },
      },
    });
  }

  /** Who says anything but that it wants the list is no reader. */
  #hear(socket: ReaderSocket, bytes: Uint8Array): void {
    const reader = socket.data;
    if (reader.at === undefined)
      reader.said += Buffer.from(bytes.subarray(0, LIST_REQUEST.length + 1)).toString("latin1");
    if (reader.at !== undefined || !LIST_REQUEST.startsWith(reader.said)) {
      socket.terminate();
      return;
    }
    if (reader.said !== LIST_REQUEST) return;
    reader.at = 0;
    this.#ear ??= this.#options.open();
    this.#look(performance.now());
  }

  #look(nowMs: number): void {
    for (const socket of this.#readers) {
      const { unsent, takenMs, at } = socket.data;
      if ((unsent !== undefined || at === undefined) && nowMs - takenMs > SILENT_MS) socket.terminate();
    }
    if (this.#readers.size === 0 && nowMs - this.#aloneSinceMs > LINGER_MS) this.#rest();
    const ear = this.#ear;
    if (ear === undefined) return;
    const change = this.#change;
    this.#takeIn(ear.watch);
    this.#hasNews ||= this.#change !== change || ear.trouble !== this.#trouble;
    this.#trouble = ear.trouble;
    const isNew = (socket: ReaderSocket) => socket.data.at === 0;
    const isDue = nowMs - this.#toldMs >= (this.#hasNews ? TELL_EVERY_MS : LIST_BEAT_MS);
    if (isDue) {
      this.#toldMs = nowMs;
      this.#hasNews = false;
    }
    for (const socket of this.#readers) {
      const { unsent, at } = socket.data;
      if (unsent === undefined && at !== undefined && (isDue || isNew(socket))) this.#tell(socket, ear);
    }
  }

  /** Nobody reads: nothing is asked of the broker, and nothing looked at. */
  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#ear?.close();
    this.#ear = undefined;
    this.#seen = 0;
    this.#listed.clear();
    this.#removed.clear();
  }

  /** Most of what a pair says anew each second is not listed. */
  #takeIn(watch: FleetWatch): void {
    watch.look();
    const { revision, pairs, removed } = watch.changedSince(this.#seen);
    this.#seen = revision;
    for (const name of removed) {
      if (this.#listed.delete(name)) this.#removed.set(name, ++this.#change);
    }
    while (this.#removed.size > MOST_REMOVED) {
      const [name, change] = this.#removed.entries().next().value!;
      this.#removed.delete(name);
      this.#oldestRemoved = change;
    }
    for (const pair of pairs) {
      const row = rowOf(pair);
      const text = JSON.stringify(row);
      if (this.#listed.get(row.name)?.text === text) continue;
      this.#removed.delete(row.name);
      this.#listed.set(row.name, { row, text, change: ++this.#change });
    }
  }

  /** Tells a reader what has changed since it was told last, if only that nothing has: all of it where it was told nothing. */
  #tell(socket: ReaderSocket, { trouble }: ListedFleet): void {
    const reader = socket.data;
    const from = reader.at! < this.#oldestRemoved ? 0 : reader.at!;
    const pairs = [...this.#listed.values()].filter(({ change }) => change > from);
    const removed = [...this.#removed].filter(([, change]) => from > 0 && change > from);
    const { machine } = this.#options;
    const lines = chunksOf(pairs.map(({ text }) => text)).map((texts, index, { length }) => {
      const about: Omit<FleetUpdate, "pairs"> = {
        ...{ v: LIST_VERSION, machine, trouble },
        isAnew: from === 0 && index === 0,
        isWhole: index === length - 1,
        removed: index === 0 ? removed.map(([name]) => name) : [],
      };
      return `${JSON.stringify(about).slice(0, -1)},"pairs":[${texts.join(",")}]}\n`;
    });
    reader.at = this.#change;
    reader.unsent = new TextEncoder().encode(lines.join(""));
    this.#flow(socket);
  }

  #flow(socket: ReaderSocket): void {
    const reader = socket.data;
    if (reader.unsent === undefined) return;
    const written = socket.write(reader.unsent);
    if (written < 0) return;
    reader.takenMs = performance.now();
    reader.unsent = written === reader.unsent.length ? undefined : reader.unsent.subarray(written);
  }
}

/** Parts of which none makes a line too long; one at least. */
function chunksOf(texts: readonly string[]): string[][] {
  const chunks: string[][] = [[]];
  let bytes = 0;
  for (const text of texts) {
    // A character takes 3 bytes at most of the two that it counts for, or one.
    bytes += 3 * text.length + 1;
    if (bytes > LONGEST_LIST_LINE_BYTES - ROOM_FOR_THE_REST) {
      chunks.push([]);
      bytes = 3 * text.length + 1;
    }
    chunks.at(-1)!.push(text);
  }
  return chunks;
}
