/** The service's end of the control socket. Whatever comes there, it costs the control loop nothing. */
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { type ApiSample, LONGEST_REQUEST_BYTES, type Status } from "../../api/protocol.ts";
import { groupId } from "../../linux/groups.ts";
import { bindAt, close, closeListener, connectTo, listen } from "../../linux/sockets/stream.ts";
import { isSystemError } from "../../linux/system-error.ts";
import { BACKLOG, RequestServer } from "../requests/request-server.ts";
import { Answerer, refusal } from "./answerer.ts";

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
  /** Ends all connections and takes the socket away. */
  close(): void;
}

/** A client that says nothing for so long has gone, or will come again. */
const SILENT_MS = 30_000;

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
  if (answers(path)) throw new Error(`another program of this pair already listens at ${path}`);
  rmSync(path, { force: true });
  const listener = listenAt(path);
  const answerer = new Answerer(subject);
  const server = new RequestServer({
    listener,
    longestBytes: LONGEST_REQUEST_BYTES,
    silentMs: SILENT_MS,
    requestsEach: Number.POSITIVE_INFINITY,
    answer: (request, sender) => answerer.answer(request, sender),
    refusal,
  });
  return {
    path,
    close() {
      server.close();
      answerer.close();
      rmSync(path, { force: true });
    },
  };
}

/** Nobody is let in before the socket is for those alone who may use it. */
function listenAt(path: string): number {
  const listener = bindAt(path);
  try {
    chmodSync(path, MODE);
    const group = groupId(GROUP);
    if (group !== undefined && process.getuid?.() === 0) chownSync(path, 0, group);
    listen(listener, path, BACKLOG);
    return listener;
  } catch (error) {
    closeListener(listener);
    throw error;
  }
}

/** Whether somebody listens there. */
function answers(path: string): boolean {
  try {
    close(connectTo(path));
    return true;
  } catch (error) {
    // Who may not be talked to may well be alive, and so may who is asked by too many.
    return isSystemError(error) && error.code !== "ECONNREFUSED" && error.code !== "ENOENT";
  }
}
