/** The loop that plays boards and arms in real time: one thread, one ppoll over every pty, precise to tens of µs. */
import { nowUs, writeTimespec } from "../linux/clock.ts";
import { libc, nativeBuffer } from "../linux/libc.ts";
import { sharpenTimers } from "../linux/scheduling.ts";
import type { Board } from "./board.ts";

const POLLIN = 0x1;
const POLLHUP = 0x10;

/** The event loop gets its turn about so often: signals, the control socket, the record. */
const SLICE_US = 5000;
/** It gets it when the line has been quiet for so long, so that no request has to wait for it, … */
const QUIET_US = 300;
/** … or in any case after this time. */
const LONGEST_SLICE_US = 50_000;
/** A pty whose slave is closed hangs up without end: look again only so often whether it was opened. */
const HUNG_RETRY_US = 3000;

/** Plays boards. {@link run} returns to the event loop for moments at which nothing is going on. */
export class Engine {
  readonly #boards: readonly Board[];
  readonly #poll: ReturnType<typeof nativeBuffer>;
  readonly #pollWords: Int32Array;
  readonly #hungUntilUs: Float64Array;
  readonly #timeout = nativeBuffer(16);
  readonly #timeoutWords = new Uint32Array(this.#timeout.bytes.buffer);
  #activeAtUs = 0;
  #running = false;

  constructor(boards: readonly Board[]) {
    this.#boards = boards;
    this.#poll = nativeBuffer(8 * boards.length);
    this.#pollWords = new Int32Array(this.#poll.bytes.buffer);
    this.#hungUntilUs = new Float64Array(boards.length);
  }

  /**
   * Runs until {@link stop}. `before` is called before an arm obeys what has just come, so that it is where it
   * should be at that moment; `rest` about every {@link SLICE_US}, when there is time, before the event loop's turn.
   */
  async run(before: (board: Board, nowUs: number) => void, rest: (nowUs: number) => void): Promise<void> {
    sharpenTimers();
    this.#running = true;
    while (this.#running) {
      const startUs = nowUs();
      let now = startUs;
      while (now < startUs + SLICE_US || (now < startUs + LONGEST_SLICE_US && !this.#quiet(now))) {
        this.#wait(now < startUs + SLICE_US ? startUs + SLICE_US : now + QUIET_US, before);
        now = nowUs();
      }
      rest(now);
      await new Promise(setImmediate);
    }
  }

  /** Lets {@link run} return. */
  stop(): void {
    this.#running = false;
  }

  #quiet(now: number): boolean {
    return now - this.#activeAtUs > QUIET_US && this.#boards.every((board) => board.dueUs > now + QUIET_US);
  }

  /** Waits for requests, for replies that are due, or until `untilUs`, and sees to them. */
  #wait(untilUs: number, before: (board: Board, nowUs: number) => void): void {
    const boards = this.#boards;
    let until = untilUs;
    const startUs = nowUs();
    for (let i = 0; i < boards.length; i++) {
      const board = boards[i]!;
      if (board.dueUs < until) until = board.dueUs;
      this.#pollWords[2 * i] = startUs < this.#hungUntilUs[i]! ? -1 : board.fd;
      this.#pollWords[2 * i + 1] = POLLIN;
    }
    writeTimespec(this.#timeoutWords, until - startUs);
    const ready = libc.ppoll(this.#poll.pointer, boards.length, this.#timeout.pointer, null);
    const now = nowUs();
    for (let i = 0; i < boards.length; i++) {
      const board = boards[i]!;
      const events = ready > 0 ? this.#pollWords[2 * i + 1]! >> 16 : 0;
      if (events & POLLIN) {
        before(board, now);
        board.receive(now);
        this.#activeAtUs = now;
      }
      if (events & POLLHUP) {
        board.hungUp();
        this.#hungUntilUs[i] = now + HUNG_RETRY_US;
      }
      if (board.dueUs <= now) {
        board.deliver(now);
        this.#activeAtUs = now;
      }
    }
  }
}
