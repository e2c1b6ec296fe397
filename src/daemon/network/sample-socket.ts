/**
 * Where samples or targets come: a socket beside the control socket, of datagrams with a connection, so that the end of
 * either side is noticed at once. One client at a time.
 */
import { lstatSync, rmSync } from "node:fs";
import { accept, close, closeListener } from "../../linux/sockets/stream.ts";
import { factOf, isSystemError, whyOf } from "../../linux/system-error.ts";
import type { LinkOwner } from "../../teleop/remote/link.ts";
import type { EventSink } from "../../teleop/reporting/events.ts";
import { listenAt } from "../requests/listen-at.ts";

/** A client that connects, or has gone, is seen to within so long. */
const LOOK_EVERY_MS = 50;
/** Whether the socket still stands there is looked at once in so many looks. */
const LOOKS_EACH = 20;
/** Who finds another client connects again. */
const BACKLOG = 4;

/** Serves until it is closed, whatever becomes of its file. */
export class SampleSocket {
  readonly #path: string;
  readonly #link: LinkOwner;
  readonly #tell: EventSink;
  readonly #timer: NodeJS.Timeout;
  #listener: number | undefined;
  #inode: number | undefined;
  #looks = 0;
  #told = "";

  /** `path` is where the socket is made; `tell` hears that it cannot be made there. */
  constructor(path: string, link: LinkOwner, tell: EventSink) {
    this.#path = path;
    this.#link = link;
    this.#tell = tell;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#look();
  }

  /** Takes nobody any more. Who is connected is noticed to be gone when the process ends. */
  stop(): void {
    clearInterval(this.#timer);
    const isOurs = this.#isInPlace();
    this.#endListening();
    if (isOurs) rmSync(this.#path, { force: true });
  }

  /** Whoever is connected is to be heard no more: a next one is taken as soon as that one is left alone. */
  end(): void {
    this.#link.end();
  }

  #look(): void {
    if (this.#looks++ % LOOKS_EACH === 0 && !this.#isInPlace()) this.#listen();
    const left = this.#link.takeLeft();
    if (left !== undefined) close(left);
    for (let count = 0; count < BACKLOG && this.#listener !== undefined; count++) {
      if (this.#link.isEnding) return;
      const fd = accept(this.#listener);
      if (fd === -1) return;
      if (this.#link.isOpen) close(fd);
      else this.#link.give(fd);
    }
  }

  #listen(): void {
    this.#endListening();
    try {
      this.#listener = listenAt(this.#path, BACKLOG, "datagrams");
      this.#inode = lstatSync(this.#path).ino;
      this.#told = "";
    } catch (error) {
      const why = isSystemError(error) ? factOf(error) : whyOf(error);
      if (why !== this.#told) {
        this.#tell({ kind: "notice", severity: "warning", problem: { code: "control.refused", why } });
      }
      this.#told = why;
    }
  }

  #endListening(): void {
    if (this.#listener !== undefined) closeListener(this.#listener);
    this.#listener = undefined;
  }

  #isInPlace(): boolean {
    if (this.#listener === undefined) return false;
    return lstatSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode;
  }
}
