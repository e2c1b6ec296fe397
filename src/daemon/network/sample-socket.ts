/**
 * Where the network's client connects to carry samples: a socket beside the control socket, of datagrams with a
 * connection, so that the end of either side is noticed at once. One client at a time.
 */
import { rmSync } from "node:fs";
import { samplesPath } from "../../api/address.ts";
import { accept, close, closeListener } from "../../linux/sockets/stream.ts";
import type { LinkOwner } from "../../teleop/remote/link.ts";
import { listenAt } from "../requests/listen-at.ts";

/** A client that connects, or has gone, is seen to within so long. */
const LOOK_EVERY_MS = 50;
/** Who finds another client connects again. */
const BACKLOG = 4;

/** Serves until it is closed. Throws the system's error where the socket cannot be made. */
export class SampleSocket {
  readonly #path: string;
  readonly #listener: number;
  readonly #link: LinkOwner;
  readonly #timer: NodeJS.Timeout;

  /** `control` is where the control socket is. */
  constructor(control: string, link: LinkOwner) {
    this.#path = samplesPath(control);
    this.#link = link;
    this.#listener = listenAt(this.#path, BACKLOG, "datagrams");
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Takes nobody any more. Who is connected is noticed to be gone when the process ends. */
  close(): void {
    clearInterval(this.#timer);
    closeListener(this.#listener);
    rmSync(this.#path, { force: true });
  }

  #look(): void {
    const left = this.#link.takeLeft();
    if (left !== undefined) close(left);
    for (let count = 0; count < BACKLOG; count++) {
      const fd = accept(this.#listener);
      if (fd === -1) return;
      if (this.#link.isOpen) close(fd);
      else this.#link.give(fd);
    }
  }
}
