/**
 * The control thread's end of the connection to the network's client: a datagram a sample, both ways. The main thread
 * accepts who connects and says its descriptor here; the control thread says when it needs it no more, and only then is
 * it closed: a number that is in use is never another file's.
 */
import type { Clock } from "../../linux/clock.ts";
import { type NativeBuffer, nativeBuffer } from "../../linux/libc.ts";
import { awaitInput } from "../../linux/sockets/await-input.ts";
import { GONE, hangUp, NOTHING_YET, peek, receive, send } from "../../linux/sockets/stream.ts";
import { SAMPLE_BYTES } from "./sample.ts";

/** One more than the descriptor, 0 for none; and likewise the one that the control thread has done with. */
const OPEN = 0;
const LEFT = 1;
/** Words of the connection's state. */
export const LINK_WORDS = 2;

/** A longer datagram is cut, and no sample. */
const LONGEST_BYTES = SAMPLE_BYTES + 4;

/** A way for samples, in and out. Nothing of it allocates or waits, but what says so. */
export interface SampleLink {
  /** What {@link receive} has taken last. */
  readonly incoming: Uint8Array;
  /** What {@link send} sends. */
  readonly outgoing: Uint8Array;
  /** Whether somebody is at the other end, as far as is known now. */
  look(): boolean;
  /** Takes the next datagram; its length, and -1 when there is none. */
  receive(): number;
  /** Sends {@link outgoing}; what the other side has no room for is lost. */
  send(): void;
  /** Blocks the thread until something has come, and until `untilUs` at the latest. */
  wait(untilUs: number): void;
}

/** The control thread's end; a way that leads nowhere while nobody has connected. */
export class SocketLink implements SampleLink {
  readonly #words: Int32Array;
  readonly #clock: Clock;
  readonly #in: NativeBuffer = nativeBuffer(LONGEST_BYTES);
  readonly #out: NativeBuffer = nativeBuffer(SAMPLE_BYTES);

  constructor(words: Int32Array, clock: Clock) {
    this.#words = words;
    this.#clock = clock;
  }

  get incoming(): Uint8Array {
    return this.#in.bytes;
  }

  get outgoing(): Uint8Array {
    return this.#out.bytes;
  }

  look(): boolean {
    const fd = this.#fd;
    if (fd === -1) return false;
    if (peek(fd) === GONE) this.#leave(fd);
    return this.#fd !== -1;
  }

  receive(): number {
    const fd = this.#fd;
    if (fd === -1) return -1;
    const count = receive(fd, this.#in);
    if (count === GONE) this.#leave(fd);
    return count === GONE || count === NOTHING_YET ? -1 : count;
  }

  send(): void {
    const fd = this.#fd;
    if (fd !== -1 && send(fd, this.#out, SAMPLE_BYTES) === -1) this.#leave(fd);
  }

  wait(untilUs: number): void {
    const fd = this.#fd;
    if (fd === -1) this.#clock.sleepUntilUs(untilUs);
    else awaitInput(fd, untilUs);
  }

  get #fd(): number {
    // In this order: what is taken back between the two is not open any more when that is read.
    const left = Atomics.load(this.#words, LEFT);
    const open = Atomics.load(this.#words, OPEN);
    return open === left ? -1 : open - 1;
  }

  #leave(fd: number): void {
    Atomics.store(this.#words, LEFT, fd + 1);
  }
}

/** The main thread's end. */
export class LinkOwner {
  readonly #words: Int32Array;
  #isEnding = false;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Whether there is a connection. */
  get isOpen(): boolean {
    return Atomics.load(this.#words, OPEN) !== 0;
  }

  /** Whether the connection that there is was ended, and is not left yet. */
  get isEnding(): boolean {
    return this.#isEnding && this.isOpen;
  }

  /** Ends the connection, if there is one: the control thread finds its other side gone. */
  end(): void {
    const open = Atomics.load(this.#words, OPEN);
    if (open === 0) return;
    this.#isEnding = true;
    hangUp(open - 1);
  }

  /** Hands a connection over. There must be none. */
  give(fd: number): void {
    this.#isEnding = false;
    Atomics.store(this.#words, LEFT, 0);
    Atomics.store(this.#words, OPEN, fd + 1);
  }

  /** The connection that the control thread has done with, once: it is to be closed. Undefined when there is none. */
  takeLeft(): number | undefined {
    const open = Atomics.load(this.#words, OPEN);
    if (open === 0 || open !== Atomics.load(this.#words, LEFT)) return undefined;
    Atomics.store(this.#words, OPEN, 0);
    Atomics.store(this.#words, LEFT, 0);
    return open - 1;
  }
}
