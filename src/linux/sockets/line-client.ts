/**
 * Asking on a Unix socket, a line each way, within bounds: who listens there may be busy, odd or hostile. It is looked
 * whether something has come; nothing is taken in that nobody wants yet, and nothing outlasts its time.
 */
import { setTimeout as passed } from "node:timers/promises";
import { nativeBuffer } from "../libc.ts";
import { isSystemError } from "../system-error.ts";
import { close, connectTo, GONE, NOTHING_YET, receive, send } from "./stream.ts";

/** Where too many wait to be accepted, all else waits so long at a time: who does not wait in line comes too late. */
const IN_LINE_MS = 20;
/** A reply is there within ms, … */
const LOOK_EVERY_MS = 2;
/** … and what takes longer than this is looked for less often. */
const SOON_MS = 30;
const LATER_EVERY_MS = 10;
/** Lines that come without a pause must not keep the process from all else. */
const MOST_AT_A_STRETCH_MS = 10;

const LINE_END = 0x0a;
const CHUNK_BYTES = 65_536;

/** Nobody has answered in time. */
export class TooLate extends Error {
  override readonly name = "TooLate";
}

/** A line is longer than any that is expected. */
export class LineTooLong extends Error {
  override readonly name = "LineTooLong";
}

/** A connection to who listens on a socket. */
export class LineClient {
  /** Where it was reached. */
  readonly path: string;
  readonly #fd: number;
  readonly #longestBytes: number;
  readonly #chunk = nativeBuffer(CHUNK_BYTES);
  #read = Buffer.alloc(0);
  #isClosed = false;
  #restedMs = performance.now();

  private constructor(path: string, fd: number, longestBytes: number) {
    this.path = path;
    this.#fd = fd;
    this.#longestBytes = longestBytes;
  }

  /**
   * Connects to who listens at a path and says a line, both before `deadlineMs` of performance.now(). No line that comes
   * back may have more than `longestBytes`. Throws the system's error, {@link TooLate}.
   */
  static async ask(
    path: string,
    line: string,
    longestBytes: number,
    deadlineMs: number,
  ): Promise<LineClient> {
    for (let waitMs = 0; ; waitMs = IN_LINE_MS) {
      try {
        const client = new LineClient(path, connectTo(path, waitMs), longestBytes);
        // A new connection has room for a request.
        client.say(line);
        return client;
      } catch (error) {
        if (!isSystemError(error) || !["EAGAIN", "EINTR"].includes(error.code)) throw error;
      }
      if (performance.now() >= deadlineMs) throw new TooLate();
      await passed(1);
    }
  }

  /** Nothing is kept; a second call does nothing. */
  close(): void {
    if (!this.#isClosed) close(this.#fd);
    this.#isClosed = true;
  }

  /**
   * The next line, without its end; undefined when the other side has ended. Rejects with {@link TooLate} at `deadlineMs`
   * of performance.now(), with {@link LineTooLong}, with the signal's reason. It is looked for every `lookEveryMs`, if that
   * is given: each look wakes the processor.
   */
  async next(deadlineMs: number, signal?: AbortSignal, lookEveryMs?: number): Promise<string | undefined> {
    const fromMs = performance.now();
    for (;;) {
      signal?.throwIfAborted();
      const end = this.#read.indexOf(LINE_END);
      if (end > this.#longestBytes || (end === -1 && this.#read.length > this.#longestBytes)) {
        throw new LineTooLong();
      }
      if (end !== -1) {
        const line = this.#read.toString("utf8", 0, end);
        this.#read = this.#read.subarray(end + 1);
        return line;
      }
      const nowMs = performance.now();
      if (nowMs >= deadlineMs) throw new TooLate();
      const count = this.#isClosed ? GONE : receive(this.#fd, this.#chunk);
      if (count === GONE) return undefined;
      if (count !== NOTHING_YET) {
        this.#read = Buffer.concat([this.#read, this.#chunk.bytes.subarray(0, count)]);
      }
      if (count === NOTHING_YET || nowMs - this.#restedMs > MOST_AT_A_STRETCH_MS) {
        await passed(lookEveryMs ?? (nowMs - fromMs < SOON_MS ? LOOK_EVERY_MS : LATER_EVERY_MS));
        this.#restedMs = performance.now();
      }
    }
  }

  /** Says a line, with its end; false when the other side is gone, or has not taken what was said before: then it is to be closed. */
  say(line: string): boolean {
    const bytes = new TextEncoder().encode(line);
    this.#chunk.bytes.set(bytes);
    return !this.#isClosed && send(this.#fd, this.#chunk, bytes.length) === bytes.length;
  }
}
