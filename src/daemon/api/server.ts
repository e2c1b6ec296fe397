/** The service's end of the control socket. Whatever comes there, it costs the control loop nothing. */
import { lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import {
  type ApiSample,
  type ControlRequest,
  LONGEST_REQUEST_BYTES,
  PROTOCOL_VERSION,
  requestSchema,
  type Status,
} from "../../api/protocol.ts";
import { groupId } from "../../linux/groups.ts";
import { madeFor } from "../../linux/made-for.ts";
import { bindAt, close, connectTo, listen } from "../../linux/sockets/stream.ts";
import { isSystemError } from "../../linux/system-error.ts";
import type { Stream } from "../requests/client.ts";
import { requestOf } from "../requests/request-line.ts";
import { BACKLOG, RequestServer, type Sender } from "../requests/request-server.ts";

/** What may be asked of a service. */
export interface ApiSubject {
  status(): Status;
  /** Begins a stream of samples. */
  samples(everyMs: number): Samples;
  /** Each returns why nothing can be done now, where that is so. */
  pause(): string | undefined;
  resume(): string | undefined;
  release(): string | undefined;
  /** Leads the follower to its parking pose and releases it; what came of it is told as an event. */
  park(): string | undefined;
  /** Reads the configuration again. */
  reload(): void;
}

/** Samples for one connection. */
export interface Samples {
  readonly everyMs: number;
  /** The next that has become due; undefined when there is none. */
  next(): ApiSample | undefined;
  /** Loses those that are due, and counts them. */
  lose(): void;
}

/** A socket on which a service can be asked. */
export interface ApiServer {
  readonly path: string;
  /** Whether the socket still stands there: clients come by its name. */
  readonly isInPlace: boolean;
  /** Ends all connections and takes the socket away. */
  close(): void;
}

/** A client that says nothing for so long has gone, or will come again. */
const SILENT_MS = 30_000;
/** A status is made no more often than in so long, however many ask for it, but for what a command has changed. */
const STATUS_EVERY_MS = 20;
/** So many different requests are checked once, and then known. */
const MOST_KNOWN = 64;

/** A program that takes no locks, such as one of version 0.1, has the socket. */
export class SomebodyListens extends Error {
  override readonly name = "SomebodyListens";
}

/** Who may use the boards may ask, too. */
const GROUP = "dialout";
const MODE = 0o660;

/**
 * Listens at `path`, for root and the group dialout where there is one. A socket that nobody answers on is replaced.
 * Rejects with {@link SomebodyListens} when somebody does, or when the place cannot be written to.
 */
export async function serveApi(path: string, subject: ApiSubject): Promise<ApiServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isSocket() === false) throw new Error(`there is something else at ${path}`);
  if (answers(path)) throw new SomebodyListens(`another program already listens at ${path}`);
  // It takes the place of what was left there when it is complete.
  const unnamed = `${path}~`;
  rmSync(unnamed, { force: true });
  // The folder may be the service's while root serves here.
  const listener = madeFor({ group: groupId(GROUP), mode: MODE }, () => bindAt(unnamed));
  listen(listener, unnamed, BACKLOG);
  renameSync(unnamed, path);
  const made = lstatSync(path);
  const isInPlace = () => {
    try {
      const { ino, dev } = lstatSync(path);
      return ino === made.ino && dev === made.dev;
    } catch {
      return false;
    }
  };
  const answerer = new Answerer(subject);
  const server = new RequestServer({
    listener,
    longestBytes: LONGEST_REQUEST_BYTES,
    silentMs: SILENT_MS,
    requestsEach: Number.POSITIVE_INFINITY,
    answer: (request, sender) => answerer.answer(request, sender),
    refusal: failure,
  });
  return {
    path,
    get isInPlace() {
      return isInPlace();
    },
    close() {
      server.close();
      if (isInPlace()) rmSync(path, { force: true });
    },
  };
}

/** Answers requests for a service. */
class Answerer {
  readonly #subject: ApiSubject;
  #status = "";
  #statusMs = Number.NEGATIVE_INFINITY;
  readonly #known = new Map<string, ControlRequest>();

  constructor(subject: ApiSubject) {
    this.#subject = subject;
  }

  answer(text: string, sender: Sender): string {
    const request = this.#known.get(text) ?? parse(text);
    if (typeof request === "string") return failure(request);
    if (this.#known.size === MOST_KNOWN) this.#known.clear();
    this.#known.set(text, request);
    switch (request.do) {
      case "watch":
        return sender.watch(this.#statusStream(request.everyMs))
          ? this.#statusLine()
          : failure(TOO_MANY_WATCH);
      case "samples":
        return sender.watch(this.#sampleStream(request.everyMs)) ? success({}) : failure(TOO_MANY_WATCH);
      case "status":
        return this.#statusLine();
      default: {
        const obstacle = this.#subject[request.do]();
        this.#statusMs = Number.NEGATIVE_INFINITY; // It may have changed.
        return obstacle === undefined ? success({}) : failure(obstacle);
      }
    }
  }

  #statusStream(everyMs: number): Stream {
    return { everyMs, flow: (client) => void client.say(this.#statusLine()) };
  }

  #sampleStream(everyMs: number): Stream {
    const samples = this.#subject.samples(everyMs);
    return {
      everyMs,
      flow(client) {
        while (!client.isBehind) {
          const sample = samples.next();
          if (sample === undefined) return;
          client.say(success({ sample }));
        }
        samples.lose();
      },
    };
  }

  #statusLine(): string {
    const nowMs = performance.now();
    if (nowMs - this.#statusMs >= STATUS_EVERY_MS) {
      this.#status = success({ status: this.#subject.status() });
      this.#statusMs = nowMs;
    }
    return this.#status;
  }
}

const TOO_MANY_WATCH = "too many watch";

/** The request, or what is wrong with it. */
function parse(text: string): ControlRequest | string {
  return requestOf(text, PROTOCOL_VERSION, requestSchema, (asked) => {
    const version = typeof asked === "number" ? `version ${asked}` : "no version";
    return `this service speaks version ${PROTOCOL_VERSION} of the protocol, and was asked in ${version}`;
  });
}

function success(fields: object): string {
  return `${JSON.stringify({ v: PROTOCOL_VERSION, ok: true, ...fields })}\n`;
}

function failure(error: string): string {
  return `${JSON.stringify({ v: PROTOCOL_VERSION, ok: false, error })}\n`;
}

/** Whether somebody listens there. */
function answers(path: string): boolean {
  try {
    close(connectTo(path));
    return true;
  } catch (error) {
    // Who may not be talked to, or has no time for us, may well be alive.
    return isSystemError(error) && ["EACCES", "EPERM", "EAGAIN"].includes(error.code);
  }
}
