/** One connection of a request server: what came and is not answered, what is not sent, what it is sent again and again. */
import { nativeBuffer } from "../../linux/libc.ts";
import { GONE, isAllTaken, NOTHING_YET, receive, send } from "../../linux/sockets/stream.ts";
import type { Asker, Place } from "./places.ts";

/** Whom a stream is for. */
export interface Reader {
  /** Whether it has not read all that it was sent: it is sent no more meanwhile. */
  readonly isBehind: boolean;
  /** Sends it a line; returns false, and sends nothing, while it is behind. */
  say(line: string): boolean;
}

/** What a connection is sent again and again. */
export interface Stream {
  readonly everyMs: number;
  /** Says what has become due. */
  flow(reader: Reader): void;
  /** Nobody reads it any more. */
  ended?(): void;
  /** Whether it is enough to hear its connection a few times a second. */
  readonly isPatient?: boolean;
}

/** What a connection stands for, from when it is begun until the connection ends. */
export interface Held {
  /** Called again and again; false when the connection is to end. */
  look(reader: Reader, nowMs: number): boolean;
  /** The connection has ended, whichever side ended it. */
  ended(): void;
  /** Whether it is enough to look some times a second. */
  readonly isPatient?: boolean;
}

const LINE_END = 0x0a;
/** So much of a connection is heard at once. */
const HEARD_BYTES = 4_096;
/** So many requests of a connection may wait for their answers. */
const MOST_WAITING = 16;

const NOTHING = Buffer.alloc(0);
const incoming = nativeBuffer(HEARD_BYTES);
const heard = Buffer.from(incoming.bytes.buffer);
let outgoing = nativeBuffer(65_536);
const encoder = new TextEncoder();

/** A connection. What is to be done with it, its server knows. */
export class Client implements Place, Reader {
  readonly fd: number;
  readonly asker: Asker;
  /** What it stands for, if it does for anything. */
  held: Held | undefined;
  #activeMs: number;
  #answered = 0;
  #isEnded = false;
  /** What came and is not answered: until {@link keep} in the buffer that all are heard with. */
  #unanswered: Buffer = NOTHING;
  #unsent: Uint8Array | undefined;
  #stream: Stream | undefined;
  #flowsMs = Number.POSITIVE_INFINITY;

  /** Takes a connected socket's file descriptor; `asker` has its other end. */
  constructor(fd: number, asker: Asker, nowMs: number) {
    this.fd = fd;
    this.asker = asker;
    this.#activeMs = nowMs;
  }

  get activeMs(): number {
    return this.#activeMs;
  }

  get isHeld(): boolean {
    return this.held !== undefined;
  }

  /** Whether it need not be heard at once. */
  get isPatient(): boolean {
    return (this.held ?? this.#stream)?.isPatient === true;
  }

  get isWatcher(): boolean {
    return this.#stream !== undefined;
  }

  /** How many requests of it were taken. */
  get answered(): number {
    return this.#answered;
  }

  /** Whether the other side has ended the connection, or its own sending. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  get isBehind(): boolean {
    return this.#unsent !== undefined;
  }

  /** Whether a request of it is not answered. */
  get isWaiting(): boolean {
    return this.#unanswered.includes(LINE_END);
  }

  /** When something of its stream becomes due, ms; without a stream never. */
  get flowsMs(): number {
    return this.#flowsMs;
  }

  say(line: string): boolean {
    if (this.isBehind) return false;
    // UTF-8 has three bytes at most for each unit of UTF-16.
    if (line.length * 3 > outgoing.bytes.length) outgoing = nativeBuffer(line.length * 3);
    const { written } = encoder.encodeInto(line, outgoing.bytes);
    const sent = send(this.fd, outgoing, written);
    if (sent === -1) this.#isEnded = true;
    else if (sent < written) this.#unsent = outgoing.bytes.slice(sent, written);
    return true;
  }

  /** Begins a stream, in place of the one that there was. */
  begin(stream: Stream, nowMs: number): true {
    this.#stream?.ended?.();
    this.#stream = stream;
    this.#flowsMs = nowMs + stream.everyMs;
    return true;
  }

  /** The connection has ended, and all that it stood for. */
  ended(): void {
    this.held?.ended();
    this.#stream?.ended?.();
  }

  /** Sends what of its stream has become due. */
  flow(nowMs: number): void {
    if (this.#stream === undefined || nowMs < this.#flowsMs) return;
    this.#flowsMs = Math.max(this.#flowsMs + this.#stream.everyMs, nowMs);
    this.#sendRest(nowMs);
    if (isAllTaken(this.fd)) this.#activeMs = nowMs;
    this.#stream.flow(this);
  }

  /** Takes some of what has come. Who does not read replies is not heard. */
  hear(nowMs: number): void {
    this.#sendRest(nowMs);
    if (this.isBehind) return;
    const count = receive(this.fd, incoming);
    if (count === NOTHING_YET) return;
    if (count === GONE) this.#isEnded = true;
    else if (this.#unanswered.length === 0) this.#unanswered = heard.subarray(0, count);
    else this.#unanswered = Buffer.concat([this.#unanswered, heard.subarray(0, count)]);
  }

  /** Keeps what was heard and is not answered yet. To be called before another connection is heard. */
  keep(): void {
    if (this.#unanswered.buffer === heard.buffer) this.#unanswered = Buffer.from(this.#unanswered);
  }

  /** What is too much in what has come, for requests of `longestBytes` with their ends; undefined when nothing is. */
  excessOf(longestBytes: number): string | undefined {
    let lines = 0;
    for (let from = 0; ; lines++) {
      const end = this.#unanswered.indexOf(LINE_END, from);
      if ((end === -1 ? this.#unanswered.length : end) - from >= longestBytes)
        return "the request is too long";
      if (end === -1) break;
      from = end + 1;
    }
    return lines > MOST_WAITING ? "too many requests at once" : undefined;
  }

  /** The next request, without its line's end; undefined while none is whole, or while it is behind. */
  takeRequest(nowMs: number): string | undefined {
    const end = this.isBehind ? -1 : this.#unanswered.indexOf(LINE_END);
    if (end === -1) return undefined;
    const request = this.#unanswered.toString("utf8", 0, end);
    this.#unanswered = end + 1 === this.#unanswered.length ? NOTHING : this.#unanswered.subarray(end + 1);
    this.#activeMs = nowMs;
    this.#answered++;
    return request;
  }

  #sendRest(nowMs: number): void {
    if (this.#unsent === undefined) return;
    outgoing.bytes.set(this.#unsent);
    const sent = send(this.fd, outgoing, this.#unsent.length);
    if (sent === -1) this.#isEnded = true;
    else if (sent > 0) {
      this.#activeMs = nowMs;
      this.#unsent = sent === this.#unsent.length ? undefined : this.#unsent.subarray(sent);
    }
  }
}
