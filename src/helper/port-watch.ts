/** Watches a serial port for other programs that open it, so that its user gives it up within a second. */
import { statSync } from "node:fs";
import { OpenWatch } from "../linux/inotify.ts";
import type { Owner } from "../linux/owners/program.ts";
import { type Others, othersOn } from "./others.ts";

/** How often the port is looked at: an opening is noticed in a third of the second that there is for it. */
const LOOK_EVERY_MS = 200;
/** Without any sign all processes are looked through this often: a container's own node gives none. */
const LOOK_THROUGH_EVERY_MS = 10_000;
/** While another program has the port its end is noticed within this. */
const LOOK_AGAIN_MS = 400;
/** Signs that come in a stream lead to no more looks than one in so long. */
const SUSPECT_EVERY_MS = 600;

/** What a watch is given. */
export interface WatchedPort {
  /** The path, which may be a link and may change where it leads. */
  path(): string;
  /** A number that grows with each sign of another program, such as bytes that nobody asked for. */
  signs(): number;
  /** Hears what was found, each time that it was looked for. */
  found(others: Others): void;
  /** Looks; the machine's way if left out. */
  look?(path: string): Promise<Others>;
}

/** Watches one port until it is stopped. It begins a moment later: who opens a port has looked by himself just before. */
export class PortWatch {
  readonly #port: WatchedPort;
  readonly #timer: NodeJS.Timeout;
  #node = "";
  #opening: OpenWatch | undefined;
  #signs: number;
  #isLooking = false;
  #mustLook = true;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #owner: Owner | undefined;

  constructor(port: WatchedPort) {
    this.#port = port;
    this.#signs = port.signs();
    this.#timer = setInterval(() => void this.#step(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Ends the watch. */
  stop(): void {
    clearInterval(this.#timer);
    this.#opening?.close();
    this.#opening = undefined;
  }

  async #step(): Promise<void> {
    this.#followNode();
    if (this.#opening?.takeNews() === true) this.#mustLook = true;
    if (this.#isLooking || !this.#isDue()) return;
    this.#mustLook = false;
    this.#isLooking = true;
    this.#lookedMs = performance.now();
    const others = await (this.#port.look ?? othersOn)(this.#port.path());
    this.#isLooking = false;
    this.#owner = others.programs[0];
    this.#port.found(others);
  }

  #isDue(): boolean {
    const sinceMs = performance.now() - this.#lookedMs;
    if (this.#mustLook || sinceMs >= LOOK_THROUGH_EVERY_MS) return true;
    if (this.#owner !== undefined) return sinceMs >= LOOK_AGAIN_MS;
    if (sinceMs < SUSPECT_EVERY_MS) return false;
    const signs = this.#port.signs();
    const isSuspect = signs > this.#signs;
    this.#signs = signs;
    return isSuspect;
  }

  /** A board that is plugged in again, or another one under its name, is another file. */
  #followNode(): void {
    const node = nodeAt(this.#port.path());
    if (node === this.#node) return;
    this.#node = node;
    this.#opening?.close();
    this.#opening = node === "" ? undefined : OpenWatch.of(this.#port.path());
    this.#mustLook = true;
  }
}

/** What a file is told from another by that stands under the same name; "" for none. */
function nodeAt(path: string): string {
  try {
    const { dev, ino, ctimeMs } = statSync(path);
    return `${dev} ${ino} ${ctimeMs}`;
  } catch {
    return "";
  }
}
