/** The other end of a serial port for tests: a board on a pty, in this process or in one of its own. */
import { nativeBuffer } from "../../src/linux/libc.ts";
import { Pty } from "../../src/sim/pty.ts";

const SIZE = 65_536;

/** A board that does only what the test tells it. */
export class Board {
  pty = new Pty();
  readonly #buffer = nativeBuffer(SIZE);
  #plugged = true;

  get path(): string {
    return this.pty.path;
  }

  /** Says these bytes to the program; returns how many the system took. */
  say(bytes: ArrayLike<number>): number {
    this.#buffer.bytes.set(bytes);
    return this.pty.write(this.#buffer.pointer, bytes.length);
  }

  /** What the program has said since the last call. */
  heard(): Uint8Array {
    return this.#buffer.bytes.slice(0, this.pty.read(this.#buffer.pointer, SIZE));
  }

  /** Waits until the program has said so many bytes. */
  async hear(count: number): Promise<Uint8Array> {
    const bytes: number[] = [];
    while (bytes.length < count) {
      bytes.push(...this.heard());
      await Bun.sleep(1);
    }
    return Uint8Array.from(bytes);
  }

  /** Does what a real board's tty does by itself once no program has it open any more: see {@link Pty.endExclusive}. */
  forgetProgram(): void {
    if (this.pty.endExclusive()) return;
    const next = this.pty.successor();
    this.pty.close();
    this.pty = next;
  }

  /** Pulls the cable. */
  unplug(): void {
    if (this.#plugged) this.pty.close();
    this.#plugged = false;
  }

  [Symbol.dispose](): void {
    this.unplug();
  }
}

/** A script of test/support, running. */
export interface Helper {
  /** Waits for its next line of output; undefined when there will be none. */
  line(): Promise<string | undefined>;
  /** Ends its standard input, at which every helper exits, and waits for that. */
  end(): Promise<void>;
  readonly pid: number;
}

/** Starts a script of test/support with Bun; as another user when `uid` is given, which only root may. */
export function startHelper(script: string, args: string[], uid?: number): Helper {
  const as = uid === undefined ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const helper = Bun.spawn([...as, process.execPath, `${import.meta.dir}/${script}`, ...args], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = linesOf(helper.stdout);
  return {
    pid: helper.pid,
    line: async () => (await lines.next()).value ?? undefined,
    async end() {
      await helper.stdin.end();
      await helper.exited;
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
  return undefined;
}
