/** The service's end of the control socket. Whatever comes there, it costs the control loop nothing. */
import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import {
  type ApiSample,
  type HeardOfLeader,
  LONGEST_REQUEST_BYTES,
  type NumberedEvent,
  type PairArms,
  type Status,
  type Tellable,
  type UnsentTrouble,
} from "../../api/protocol.ts";
import type { Recording, RecordingOrder } from "../../api/recording.ts";
import { close, connectTo } from "../../linux/sockets/stream.ts";
import { isSystemError } from "../../linux/system-error.ts";
import type { DriveWish } from "../driving/clients.ts";
import type { Asking } from "../lending.ts";
import type { Held } from "../requests/client.ts";
import { listenAt } from "../requests/listen-at.ts";
import { BACKLOG, RequestServer } from "../requests/request-server.ts";
import { Answerer } from "./answerer.ts";
import { refusal } from "./lines.ts";

/** What may be asked of a service. */
export interface ApiSubject {
  status(): Status;
  /** The first of the events that are kept after a number, the oldest first. */
  events(after: number): NumberedEvent[];
  /** What the arms are. */
  arms(): PairArms;
  /** Begins a stream of samples. */
  samples(everyMs: number): Samples;
  /** Begins a stream of samples to be recorded, so many a second on an even grid. */
  frames(perSecond: number): Samples;
  /** Each returns why nothing can be done now, where that is so. */
  pause(): string | undefined;
  resume(): string | undefined;
  release(): string | undefined;
  /** Leads the follower to its parking pose and releases it; what came of it is told as an event. */
  park(): string | undefined;
  /** Lends the arms to who asks, for as long as its connection lasts; why not, where that cannot be. */
  lend(purpose: string, asking: Asking): Held | string;
  /** The network's client carries samples for the pair, for as long as its connection lasts; why not, where it cannot. */
  network(): Held | string;
  /** What the network's client has heard of the leader of another machine, or why nothing. */
  heard(leader: string, what: HeardOfLeader): string | undefined;
  /** What keeps the network's client from sending this leader's samples; nothing once they go out. */
  unsent(trouble: UnsentTrouble | undefined): string | undefined;
  /** Has the follower follow the leader of this pair, "local", or one of another machine, until the next start. */
  follow(leader: string): string | undefined;
  /** Lets a client drive, for as long as its connection lasts; why not, where it may not. */
  drive(wish: DriveWish, asking: Asking): Held | string;
  /** The client whose targets have this epoch drives no more; why not, where none does. */
  yield(epoch: string): string | undefined;
  /** Who asks records this pair, for as long as its connection lasts; why not, where it cannot. */
  recorder(asking: Asking): Held | string;
  /** What the recorder whose connection this is says of itself; why not, where that is of no use. */
  recording(held: Held | undefined, recording: Recording): string | undefined;
  /** Orders something of the recorder. */
  record(order: RecordingOrder): string | undefined;
  /** Tells an event. */
  tell(what: Tellable, machine?: string, client?: string): string | undefined;
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
  /** Nobody reads them any more. */
  ended?(): void;
  /** Whether it is enough to hear who reads them a few times a second. */
  readonly isPatient?: boolean;
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

/** A program that takes no locks, such as one of version 0.1, has the socket. */
export class SomebodyListens extends Error {
  override readonly name = "SomebodyListens";
}

/**
 * Listens at `path`, for root and the group dialout where there is one. A socket that nobody answers on is replaced.
 * Rejects when somebody does, or when the place cannot be written to.
 */
export async function serveApi(path: string, subject: ApiSubject): Promise<ApiServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isSocket() === false) throw new Error(`there is something else at ${path}`);
  if (answers(path)) throw new SomebodyListens(`another program already listens at ${path}`);
  const listener = listenAt(path, BACKLOG);
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
    refusal,
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
