/** Debian's python3-zmq at the other end of a socket: a peer that is not ours. */
import { join } from "node:path";
import { libzmq } from "../../src/lerobot/zmq/library.ts";
import type { Need } from "./needs.ts";

const PYTHON = "/usr/bin/python3";

/** What the program loads, and what the peer is made of. */
export const ZMQ: readonly Need[] = [
  { name: "libzmq5", how: "sudo apt install libzmq5", isMet: () => isThere(libzmq) },
  {
    name: "python3-zmq",
    how: "sudo apt install python3-zmq",
    isMet: () =>
      isThere(() => {
        if (!Bun.spawnSync([PYTHON, "-c", "import zmq"]).success) throw new Error("no zmq");
      }),
  },
];

function isThere(use: () => unknown): boolean {
  try {
    use();
    return true;
  } catch {
    return false;
  }
}

/** What a peer is, and where it connects: `tcp://127.0.0.2:0;127.0.0.1:5555` comes from 127.0.0.2. */
export interface PeerSocket {
  readonly kind: "push" | "pull" | "req" | "sub" | "xsub" | "dealer" | "pair";
  readonly to: string;
  /** Keeps the newest message alone, to be sent or taken. */
  readonly conflate?: boolean;
}

/** A process with sockets by names; parts of messages are texts, of Latin-1. */
export class ZmqPeer implements AsyncDisposable {
  readonly #process = Bun.spawn([PYTHON, join(import.meta.dir, "zmq-peer.py")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  readonly #lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  #read = "";

  async connect(name: string, { kind, to, conflate = false }: PeerSocket): Promise<void> {
    await this.#order({ do: "connect", name, kind, to, conflate });
  }

  async send(name: string, parts: readonly string[], times = 1): Promise<void> {
    await this.#order({ do: "send", name, parts, times });
  }

  /** The next message; null where none comes within ms. */
  receive(name: string, withinMs = 5_000): Promise<string[] | null> {
    return this.#order({ do: "receive", name, within_ms: withinMs });
  }

  /** The newest message of those that have come. */
  newest(name: string, withinMs = 5_000): Promise<string[] | null> {
    return this.#order({ do: "newest", name, within_ms: withinMs });
  }

  async close(name: string): Promise<void> {
    await this.#order({ do: "close", name });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  async #order(order: object): Promise<string[] | null> {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
    await this.#process.stdin.flush();
    for (;;) {
      const end = this.#read.indexOf("\n");
      if (end !== -1) {
        const line = this.#read.slice(0, end);
        this.#read = this.#read.slice(end + 1);
        return JSON.parse(line);
      }
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("the peer has ended");
      this.#read += value;
    }
  }
}
