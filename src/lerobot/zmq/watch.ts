/**
 * Waiting for sockets of ZeroMQ in this thread's event loop. Bun waits for descriptors of its own alone, and ZeroMQ's may
 * not be read; so a thread that does nothing else waits for them, and says so.
 */
import { ReadySet } from "../../linux/sockets/readiness.ts";
import { HAS_ENDED, IS_TOLD, type WatchOrder, WORDS } from "./watch-protocol.ts";

/** Waits until it is closed. */
export class Watch {
  readonly #set = new ReadySet();
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  readonly #worker: Worker;
  readonly #ended: Promise<void>;

  /** `ready` is called when any of the descriptors is readable, and not again before {@link goOn}. */
  constructor(ready: () => void) {
    this.#worker = new Worker(new URL("./zmq-watch-thread.ts", import.meta.url).href, { smol: true });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    this.#worker.onmessage = ({ data }: MessageEvent<"ready" | "ended">) => {
      if (data === "ended") resolve();
      else if (Atomics.load(this.#words, HAS_ENDED) === 0) ready();
    };
    this.#worker.postMessage({ fd: this.#set.fd, words: this.#words } satisfies WatchOrder);
  }

  /** Has a descriptor waited for, until it is closed. Throws the system's error. */
  add(fd: number): void {
    this.#set.add(fd);
  }

  /** All that was ready has been looked at. */
  goOn(): void {
    Atomics.store(this.#words, IS_TOLD, 0);
    Atomics.notify(this.#words, IS_TOLD);
  }

  /** Nothing is waited for any more. */
  async close(): Promise<void> {
    Atomics.store(this.#words, HAS_ENDED, 1);
    this.#set.wake();
    this.goOn();
    await this.#ended;
    this.#worker.terminate();
    this.#set.close();
  }
}
