/** Asking a running service on its control socket. */
import * as v from "valibot";
import { LineClient, LineTooLong, TooLate } from "../linux/sockets/line-client.ts";
import { isSystemError } from "../linux/system-error.ts";
import {
  type ApiSample,
  type ControlReply,
  type ControlRequest,
  type NumberedEvent,
  type PairArms,
  type PairNetwork,
  PROTOCOL_VERSION,
  replySchema,
  type Status,
} from "./protocol.ts";

/** Why a service could not be asked. */
export type ApiProblem =
  /** Nothing listens at any of these paths. */
  | { readonly kind: "not running"; readonly paths: readonly string[] }
  /** It listens there, and this user may not talk to it. */
  | { readonly kind: "denied"; readonly path: string }
  /** It does not answer: it may be stopped, or hang. */
  | { readonly kind: "silent" }
  /** It ended while it was asked, or watched. */
  | { readonly kind: "ended" }
  /** What answers is no service of this version. */
  | { readonly kind: "unknown" }
  /** It had lent the arms, and has asked for them, because somebody wants this: "pause", "release", or its end. */
  | { readonly kind: "recalled"; readonly why: string }
  /** It does not do what it was asked for. */
  | { readonly kind: "refused"; readonly reason: string };

/** A service could not be asked; the problem says why. It is put into words where a person reads it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly problem: ApiProblem;

  constructor(problem: ApiProblem) {
    super(JSON.stringify(problem));
    this.problem = problem;
  }
}

/** A service answers within ms; one that is stopped never does. So long it may take in all, being reached included. */
export const PATIENCE_MS = 2_000;
/** No status is a tenth as long. */
const LONGEST_REPLY_BYTES = 262_144;

/** A service has released the follower by then, or says why not. */
const LEND_PATIENCE_MS = 10_000;
/** A service keeps 500 events, of which a reply has some dozens. */
const MOST_REPLIES_OF_EVENTS = 100;

type Success = Extract<ControlReply, { ok: true }>;
type WithoutVersion<R> = R extends unknown ? Omit<R, "v"> : never;

/**
 * Asks the service that listens at the first of `paths` on which one does; its status, where that was asked.
 * Rejects with {@link ApiError}.
 */
export async function askService(
  paths: readonly string[],
  request: WithoutVersion<
    Exclude<
      ControlRequest,
      {
        do: "watch" | "samples" | "events" | "arms" | "lend" | "network" | "drive" | "recorder" | "recording";
      }
    >
  >,
): Promise<Status | undefined> {
  const { status } = await replyTo(request, paths);
  if (request.do === "status" && status === undefined) throw new ApiError({ kind: "unknown" });
  return status;
}

/**
 * All events that the service at the first of `paths` keeps after number `after`, the oldest first: the last 500 since
 * it started. Rejects with {@link ApiError}.
 */
export async function eventsOf(paths: readonly string[], after = 0): Promise<NumberedEvent[]> {
  const events: NumberedEvent[] = [];
  for (let replies = 0; replies < MOST_REPLIES_OF_EVENTS; replies++) {
    const { events: further } = await replyTo({ do: "events", after: events.at(-1)?.number ?? after }, paths);
    if (further === undefined) throw new ApiError({ kind: "unknown" });
    if (further.length === 0) break;
    events.push(...further);
  }
  return events;
}

/** What the arms of the service at the first of `paths` are. Rejects with {@link ApiError}. */
export async function armsOf(paths: readonly string[]): Promise<PairArms> {
  const { arms } = await replyTo({ do: "arms" }, paths);
  if (arms === undefined) throw new ApiError({ kind: "unknown" });
  return arms;
}

/** Arms that a service has lent. */
export interface Loan {
  /** What is known of the follower: each servo was seen without torque, or not all have answered. */
  readonly torque: "off" | "unknown";
  /**
   * Aborted when the arms must be given back, with an {@link ApiError} that says why: somebody asks for a pause or a
   * release, or the service ends. The ports are to be closed, then the loan ended, within a second.
   */
  readonly recalled: AbortSignal;
  /** Gives the arms back; a second call does nothing. The ports must be closed by then. */
  end(): void;
}

/**
 * Borrows both arms of the service at the first of `paths`: its follower is released then, and both ports are closed.
 * `purpose` is what the status says, up to 40 small letters, digits, spaces and "-". Whatever becomes of this process, the
 * service has the arms again when it is gone. Rejects with {@link ApiError}, or the signal's reason.
 */
export async function borrow(paths: readonly string[], purpose: string, signal: AbortSignal): Promise<Loan> {
  signal.throwIfAborted();
  const client = await askFirst(paths, { do: "lend", for: purpose }, performance.now() + PATIENCE_MS);
  try {
    const { lent } = await nextReply(client, performance.now() + LEND_PATIENCE_MS, signal);
    if (lent === undefined) throw new ApiError({ kind: "unknown" });
    const recall = new AbortController();
    let isEnded = false;
    void untilRecalled(client).then((problem) => {
      if (!isEnded) recall.abort(new ApiError(problem));
    });
    return {
      torque: lent.torque,
      recalled: recall.signal,
      end() {
        isEnded = true;
        client.close();
      },
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

/**
 * Carries samples for the service at the first of `paths`, until `signal`, or the service, ends that: what the pair wants
 * and has to give, at once and at each change. Rejects as {@link watchService}.
 */
export async function* carryFor(paths: readonly string[], signal: AbortSignal): AsyncGenerator<PairNetwork> {
  const client = await askFirst(paths, { do: "network" }, performance.now() + PATIENCE_MS);
  try {
    for (let deadlineMs = performance.now() + PATIENCE_MS; ; deadlineMs = Number.POSITIVE_INFINITY) {
      const { network } = await nextReply(client, deadlineMs, signal);
      if (network === undefined) throw new ApiError({ kind: "unknown" });
      yield network;
    }
  } finally {
    client.close();
  }
}

/** Why the arms are to be given back, once they are. */
async function untilRecalled(client: LineClient): Promise<ApiProblem> {
  try {
    for (;;) {
      const { recalled } = await nextReply(client, Number.POSITIVE_INFINITY);
      if (recalled !== undefined) return { kind: "recalled", why: recalled };
    }
  } catch (error) {
    return error instanceof ApiError ? error.problem : { kind: "ended" };
  }
}

/** What the service at the first of `paths` replies. */
async function replyTo(request: WithoutVersion<ControlRequest>, paths: readonly string[]): Promise<Success> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  const client = await askFirst(paths, request, deadlineMs);
  try {
    return await nextReply(client, deadlineMs);
  } finally {
    client.close();
  }
}

/**
 * The status of the service at the first of `paths`, again and again until `signal`, or the service, ends it. Rejects
 * with {@link ApiError}, or the signal's reason.
 */
export async function* watchService(
  paths: readonly string[],
  everyMs: number,
  signal: AbortSignal,
): AsyncGenerator<Status> {
  for await (const { status } of streamOf(paths, { do: "watch", everyMs }, PATIENCE_MS + everyMs, signal)) {
    if (status) yield status;
  }
}

/**
 * What the control loop of the service at the first of `paths` reads and writes, from now on, at a distance of `everyMs`
 * at least (2 to 1000), until `signal`, or the service, ends it. Rejects as {@link watchService}.
 */
export async function* sampleService(
  paths: readonly string[],
  everyMs: number,
  signal: AbortSignal,
): AsyncGenerator<ApiSample> {
  // While the pair waits there is a sample now and then; while an arm is released, none for a second.
  const patienceMs = 2 * PATIENCE_MS + everyMs;
  for await (const { sample } of streamOf(paths, { do: "samples", everyMs }, patienceMs, signal)) {
    if (sample) yield sample;
  }
}

/** The replies to a request that is answered again and again. */
async function* streamOf(
  paths: readonly string[],
  request: WithoutVersion<ControlRequest>,
  patienceMs: number,
  signal: AbortSignal,
): AsyncGenerator<Success> {
  const client = await askFirst(paths, request, performance.now() + PATIENCE_MS);
  try {
    for (;;) yield await nextReply(client, performance.now() + patienceMs, signal);
  } finally {
    client.close();
  }
}

/** Sends a request, within two seconds, to who listens at the first of `paths` at which somebody does. */
export async function askFirst(
  paths: readonly string[],
  request: WithoutVersion<ControlRequest>,
  deadlineMs = performance.now() + PATIENCE_MS,
): Promise<LineClient> {
  const line = `${JSON.stringify({ v: PROTOCOL_VERSION, ...request })}\n`;
  let refused: ApiError | undefined;
  for (const path of paths) {
    try {
      return await LineClient.ask(path, line, LONGEST_REPLY_BYTES, deadlineMs);
    } catch (error) {
      if (error instanceof TooLate) throw new ApiError({ kind: "silent" });
      if (isSystemError(error) && (error.code === "EACCES" || error.code === "EPERM")) {
        refused = new ApiError({ kind: "denied", path });
      }
    }
  }
  throw refused ?? new ApiError({ kind: "not running", paths });
}

/**
 * A service's next reply, looked for so often where it need not be seen at once. Rejects with {@link ApiError} for what is
 * refused too, and with the signal's reason.
 */
export async function nextReply(
  client: LineClient,
  deadlineMs: number,
  signal?: AbortSignal,
  lookEveryMs?: number,
): Promise<Success> {
  const reply = parse(await nextLine(client, deadlineMs, signal, lookEveryMs));
  if (reply.ok) return reply;
  throw new ApiError(
    isNotKnown(reply.error) ? { kind: "unknown" } : { kind: "refused", reason: reply.error },
  );
}

/** Whether a refusal is that of a service which does not know the request: one of an older version. */
function isNotKnown(error: string): boolean {
  return error.startsWith("Invalid type: Expected (");
}

async function nextLine(
  client: LineClient,
  deadlineMs: number,
  signal?: AbortSignal,
  lookEveryMs?: number,
): Promise<string> {
  let line: string | undefined;
  try {
    line = await client.next(deadlineMs, signal, lookEveryMs);
  } catch (error) {
    if (error instanceof TooLate) throw new ApiError({ kind: "silent" });
    if (error instanceof LineTooLong) throw new ApiError({ kind: "unknown" });
    throw error;
  }
  if (line === undefined) throw new ApiError({ kind: "ended" });
  return line;
}

function parse(line: string): ControlReply {
  try {
    return v.parse(replySchema, JSON.parse(line));
  } catch {
    throw new ApiError({ kind: "unknown" });
  }
}
