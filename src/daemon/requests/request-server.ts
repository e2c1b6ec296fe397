/**
 * Serves requests, a line each, on a Unix socket that others may storm. It is looked at a hundred times a second, and
 * each look does a bounded amount of work: what is too much waits in the kernel, at its sender's expense.
 */
import { nativeBuffer } from "../../linux/libc.ts";
import { type Peer, peerOf, pidOf } from "../../linux/sockets/peer.ts";
import { accept, close, closeListener, GONE, NOTHING_YET, peek, send } from "../../linux/sockets/stream.ts";
import { Client, type Held, type Stream } from "./client.ts";
import { type Asker, whoMakesRoom } from "./places.ts";

/** How many may wait in the kernel to be accepted; beyond them who connects waits for room there. */
export const BACKLOG = 128;

const MOST_CONNECTIONS = 32;
const MOST_WATCHERS = 16;
/** Each connection is answered one request in 10 ms at most; … */
const ROUND_MS = 11;
/** … timers may come so much too early. */
const EARLY_MS = 1;
/** While nobody asks who is in a hurry it is looked less often: each look wakes the processor. */
const QUIET_ROUND_MS = 40;
const QUIET_AFTER_MS = 1_000;
/** Streams that are due at about the same time share a look. */
const LEAST_PAUSE_MS = 2;
/** So many newcomers a look at most: a storm then spends its time waiting, and leaves the processors to others. */
const MOST_NEWCOMERS = 7;
/** While there are more the next look comes soon: many short ones keep nobody waiting who has to be on time. */
const STORM_PAUSE_MS = 2;
/** After so many newcomers what they left in the heap is given back: the engine itself lets it lie until it is much. */
const CLEAN_EVERY = 1_000;

/** Who has sent a request. */
export interface Sender {
  /** Its process, with all its groups; undefined when the kernel does not say. */
  readonly peer: Peer | undefined;
  /** Whether it has not ended its connection, as far as the kernel knows now. */
  isThere(): boolean;
  /** Sends it something again and again from now on, in place of what it was sent so; false when too many watch. */
  watch(stream: Stream): boolean;
  /** What its connection stands for, if it does for anything. */
  readonly held: Held | undefined;
  /** From now on its connection stands for something, and keeps its place; it is not ended for its silence. */
  hold(held: Held): void;
}

/** What is served, and how. */
export interface RequestServerOptions {
  /** A listening socket that never waits, by its file descriptor. It is closed in the end. */
  readonly listener: number;
  /** A request is not longer, in bytes with its line's end. */
  readonly longestBytes: number;
  /** A connection is ended that has been silent for so long, or that watches and has taken nothing for so long. */
  readonly silentMs: number;
  /** So many requests of a connection are answered, then it is ended. */
  readonly requestsEach: number;
  /** Called when a round begins. Where there is this, what is answered in a round was asked before it began. */
  beginRound?(): void;
  /** Answers a request, with a line; undefined where what the connection stands for answers later. */
  answer(request: string, sender: Sender): string | undefined;
  /** The line that says why a connection is ended. */
  refusal(why: string): string;
}

/** Serves until it is closed. */
export class RequestServer {
  readonly #options: RequestServerOptions;
  readonly #clients = new Set<Client>();
  readonly #askers = new Map<number, Asker>();
  readonly #tooMany = nativeBuffer(256);
  readonly #tooManyBytes: number;
  #timer: NodeJS.Timeout;
  #roundMs = 0;
  #newcomerMs = performance.now();
  #newcomers = 0;
  /** Whether more newcomers wait than the last look took. */
  #isStorm = false;

  constructor(options: RequestServerOptions) {
    this.#options = options;
    const line = new TextEncoder().encodeInto(options.refusal(TOO_MANY), this.#tooMany.bytes);
    this.#tooManyBytes = line.written;
    this.#timer = setTimeout(() => this.#look(), 0);
  }

  /** When somebody connected last, ms; at first when this was made. */
  get newcomerMs(): number {
    return this.#newcomerMs;
  }

  /** Ends all connections, and listens no more. */
  close(): void {
    clearTimeout(this.#timer);
    for (const client of this.#clients) this.#end(client);
    closeListener(this.#options.listener);
  }

  #look(): void {
    const nowMs = performance.now();
    for (const client of this.#clients) client.flow(nowMs);
    if (nowMs >= this.#roundMs - EARLY_MS) {
      this.#roundMs = nowMs + (this.#isQuiet(nowMs) ? QUIET_ROUND_MS : ROUND_MS);
      this.#options.beginRound?.();
      for (const client of this.#clients) this.#attend(client, nowMs);
    }
    this.#takeNewcomers(nowMs);
    this.#timer = setTimeout(() => this.#look(), this.#pauseMs());
  }

  #isQuiet(nowMs: number): boolean {
    if (nowMs - this.#newcomerMs <= QUIET_AFTER_MS) return false;
    for (const client of this.#clients) if (!client.isPatient) return false;
    return true;
  }

  #pauseMs(): number {
    const nowMs = performance.now();
    if (this.#isStorm) return STORM_PAUSE_MS;
    let nextMs = this.#roundMs;
    for (const { flowsMs } of this.#clients) nextMs = Math.min(nextMs, flowsMs);
    return Math.max(LEAST_PAUSE_MS, nextMs - nowMs);
  }

  /** Accepts who has connected; most of a storm is gone again by then. */
  #takeNewcomers(nowMs: number): void {
    for (let count = 0; count < MOST_NEWCOMERS; count++) {
      const fd = accept(this.#options.listener);
      this.#isStorm = fd !== -1;
      if (fd === -1) return;
      this.#newcomerMs = nowMs;
      if (++this.#newcomers % CLEAN_EVERY === 0) {
        Bun.gc(true);
        Bun.shrink();
      }
      const said = peek(fd);
      if (said === GONE) close(fd);
      else this.#welcome(fd, said !== NOTHING_YET, nowMs);
    }
  }

  /** Gives a newcomer a place. Where there is none for it, a request that it has sent is answered all the same. */
  #welcome(fd: number, hasSpoken: boolean, nowMs: number): void {
    const pid = pidOf(fd);
    const asker = this.#askers.get(pid) ?? { pid, places: 0 };
    const isFull = this.#clients.size >= MOST_CONNECTIONS;
    const out = isFull ? whoMakesRoom(this.#clients, asker, nowMs) : undefined;
    if (out !== undefined) this.#refuse(out, TOO_MANY);
    else if (isFull && !hasSpoken) {
      send(fd, this.#tooMany, this.#tooManyBytes);
      close(fd);
      return;
    }
    const client = new Client(fd, asker, nowMs);
    asker.places++;
    this.#askers.set(pid, asker);
    this.#clients.add(client);
    this.#attend(client, nowMs);
    if (this.#clients.size <= MOST_CONNECTIONS || !this.#clients.has(client) || client.isHeld) return;
    if (client.answered > 0) this.#end(client);
    else this.#refuse(client, TOO_MANY);
  }

  /** Hears a connection, and answers one request of it. */
  #attend(client: Client, nowMs: number): void {
    const { longestBytes, requestsEach, silentMs, beginRound } = this.#options;
    if (beginRound !== undefined) this.#answerNext(client, nowMs);
    client.hear(nowMs);
    const excess = client.excessOf(longestBytes);
    if (excess !== undefined) {
      this.#refuse(client, excess);
      return;
    }
    if (beginRound === undefined) this.#answerNext(client, nowMs);
    const isOver = client.isEnded && !client.isWaiting;
    const mayBeSilent = client.isHeld || (client.isWatcher && !client.isBehind);
    const isSilent = nowMs - client.activeMs >= silentMs && !mayBeSilent;
    const isDone = client.held?.look(client, nowMs) === false;
    const isAnswered = client.answered >= requestsEach && !client.isHeld;
    if (isOver || isDone || isAnswered || isSilent) this.#end(client);
    else client.keep();
  }

  #answerNext(client: Client, nowMs: number): void {
    const request = client.takeRequest(nowMs);
    if (request === undefined) return;
    const watch = (stream: Stream) => this.#makeRoomToWatch(client, nowMs) && client.begin(stream, nowMs);
    const sender = {
      get peer() {
        return peerOf(client.fd);
      },
      isThere: () => peek(client.fd) !== GONE,
      watch,
      get held() {
        return client.held;
      },
      hold(held: Held) {
        client.held = held;
      },
    };
    const answer = this.#options.answer(request, sender);
    if (answer !== undefined) client.say(answer);
  }

  /** Has a connection that begins to watch take the place of another watcher, where there are enough of them. */
  #makeRoomToWatch(client: Client, nowMs: number): boolean {
    const others = [...this.#clients].filter((each) => each.isWatcher && each !== client);
    if (others.length < MOST_WATCHERS) return true;
    const out = whoMakesRoom(others, client.asker, nowMs);
    if (out !== undefined) this.#refuse(out, "too many watch");
    return out !== undefined;
  }

  /** Says why, if it has read what came before, and ends it. */
  #refuse(client: Client, why: string): void {
    client.say(this.#options.refusal(why));
    this.#end(client);
  }

  /** Nothing of it is kept. */
  #end(client: Client): void {
    this.#clients.delete(client);
    client.ended();
    if (--client.asker.places === 0) this.#askers.delete(client.asker.pid);
    close(client.fd);
  }
}

const TOO_MANY = "too many connections";
