/** The service's end of the control socket. Whatever comes there, it costs the control loop nothing. */
import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
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
import { requestOf } from "../request-line.ts";

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
  reload(): string | undefined;
}

/** Samples for one connection. */
export interface Samples {
  readonly everyMs: number;
  /** Those that have become due since the last call. */
  due(): ApiSample[];
  /** Counts one that could not be sent. */
  lose(): void;
}

/** A socket on which a service can be asked. */
export interface ApiServer {
  readonly path: string;
  /** Ends all connections and takes the socket away. */
  close(): void;
}

const MOST_CONNECTIONS = 16;
/** A client that says nothing for so long has gone, or will come again. */
const IDLE_MS = 30_000;
/** A client that does not read so much of its replies is not waited for. */
const MOST_UNREAD_BYTES = 262_144;
/** A client of samples that does not read so much loses those that come: they are newer when it reads again. */
const MOST_UNREAD_SAMPLES_BYTES = 65_536;
/** Requests of one connection are answered at this distance at least. */
const ANSWER_EVERY_MS = 10;
/** So many may wait for that. */
const MOST_WAITING = 16;

/** A client that is refused has so long to read why. */
const FAREWELL_MS = 1_000;

/** Who may use the boards may ask, too. */
const GROUP = "dialout";
const MODE = 0o660;

/**
 * Listens at `path`, for root and the group dialout where there is one. A socket that nobody answers on is replaced.
 * Rejects when somebody does, or when the place cannot be written to.
 */
export async function serveApi(path: string, subject: ApiSubject): Promise<ApiServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isSocket() === false) throw new Error(`there is something else at ${path}`);
  if (await answers(path)) throw new Error(`another program of this pair already listens at ${path}`);
  rmSync(path, { force: true });
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    if (connections.size >= MOST_CONNECTIONS) {
      endWith(socket, "too many connections");
      return;
    }
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    converse(socket, subject);
  });
  // The folder may be the service's while root serves here.
  await madeFor({ group: groupId(GROUP), mode: MODE }, () => listen(server, path));
  return {
    path,
    close() {
      for (const socket of connections) socket.destroy();
      server.close();
      rmSync(path, { force: true });
    },
  };
}

function converse(socket: Socket, subject: ApiSubject): void {
  let line = Buffer.alloc(0);
  const waiting: string[] = [];
  let answering: NodeJS.Timeout | undefined;
  let watching: NodeJS.Timeout | undefined;
  const write = (reply: string) => {
    if (socket.writableLength > MOST_UNREAD_BYTES) socket.destroy();
    else if (socket.writable) socket.write(reply);
  };
  const again = (everyMs: number, send: () => void) => {
    clearInterval(watching);
    socket.setTimeout(0);
    watching = setInterval(send, everyMs);
  };
  const watch = (everyMs: number) => again(everyMs, () => write(success({ status: subject.status() })));
  const sample = (samples: Samples) =>
    again(samples.everyMs, () => {
      for (const each of samples.due()) {
        if (socket.writableLength > MOST_UNREAD_SAMPLES_BYTES) samples.lose();
        else write(success({ sample: each }));
      }
    });
  const answerNext = () => {
    const request = waiting.shift();
    if (request === undefined) {
      clearInterval(answering);
      answering = undefined;
    } else {
      write(answer(request, subject, { watch, sample }));
    }
  };
  const take = (request: string) => {
    waiting.push(request);
    if (answering !== undefined) return;
    answering = setInterval(answerNext, ANSWER_EVERY_MS);
    answerNext();
  };
  const refuse = (error: string) => {
    waiting.length = 0;
    clearInterval(watching);
    endWith(socket, error);
  };
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("close", () => {
    clearInterval(answering);
    clearInterval(watching);
    waiting.length = 0;
  });
  socket.on("data", (chunk: Buffer) => {
    if (!socket.writable) return;
    line = Buffer.concat([line, chunk]);
    for (let end = line.indexOf("\n"); end !== -1 && socket.writable; end = line.indexOf("\n")) {
      if (end >= LONGEST_REQUEST_BYTES) return refuse("the request is too long");
      if (waiting.length >= MOST_WAITING) return refuse("too many requests at once");
      const request = line.toString("utf8", 0, end);
      line = line.subarray(end + 1);
      take(request);
    }
    if (line.length >= LONGEST_REQUEST_BYTES) refuse("the request is too long");
  });
}

/** Says why, and ends it, whether or not the client reads that or stops: nothing more of it is read. */
function endWith(socket: Socket, error: string): void {
  socket.pause();
  socket.end(failure(error), () => socket.destroy());
  setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
}

/** What a connection may be asked to go on sending. */
interface Streams {
  watch(everyMs: number): void;
  sample(samples: Samples): void;
}

function answer(text: string, subject: ApiSubject, streams: Streams): string {
  const request = parse(text);
  if (typeof request === "string") return failure(request);
  switch (request.do) {
    case "watch":
      streams.watch(request.everyMs);
      return success({ status: subject.status() });
    case "samples":
      streams.sample(subject.samples(request.everyMs));
      return success({});
    case "status":
      return success({ status: subject.status() });
    default: {
      const obstacle = subject[request.do]();
      return obstacle === undefined ? success({}) : failure(obstacle);
    }
  }
}

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

/** The socket is there when this returns. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      server.on("error", () => {});
      resolve();
    });
  });
}

/** Whether somebody listens there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // What we may not talk to may well be alive.
    socket.once("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== "ECONNREFUSED" && code !== "ENOENT"),
    );
  });
}
