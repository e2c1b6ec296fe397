/** Asking a running service on its control socket. */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import * as v from "valibot";
import {
  type ApiSample,
  type ControlReply,
  type ControlRequest,
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

/** A service answers within ms; one that is stopped never does. */
const PATIENCE_MS = 2_000;

type WithoutVersion<R> = R extends unknown ? Omit<R, "v"> : never;

/**
 * Asks the service that listens at the first of `paths` on which one does; its status, where that was asked.
 * Rejects with {@link ApiError}.
 */
export async function askService(
  paths: readonly string[],
  request: WithoutVersion<Exclude<ControlRequest, { do: "watch" | "samples" }>>,
): Promise<Status | undefined> {
  const socket = await connectToFirst(paths);
  try {
    send(socket, request);
    for await (const { status } of repliesOf(socket)) return status;
    throw new ApiError({ kind: "ended" });
  } finally {
    socket.destroy();
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
): AsyncGenerator<Extract<ControlReply, { ok: true }>> {
  const socket = await connectToFirst(paths);
  const end = () => socket.destroy();
  signal.addEventListener("abort", end, { once: true });
  try {
    send(socket, request);
    yield* repliesOf(socket, patienceMs);
    signal.throwIfAborted();
    throw new ApiError({ kind: "ended" });
  } finally {
    signal.removeEventListener("abort", end);
    socket.destroy();
  }
}

function send(socket: Socket, request: WithoutVersion<ControlRequest>): void {
  socket.write(`${JSON.stringify({ v: PROTOCOL_VERSION, ...request })}\n`);
}

async function connectToFirst(paths: readonly string[]): Promise<Socket> {
  let refused: ApiError | undefined;
  for (const path of paths) {
    try {
      return await connectTo(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EACCES" || code === "EPERM") {
        refused = new ApiError({ kind: "denied", path });
      }
    }
  }
  if (refused !== undefined) throw refused;
  throw new ApiError({ kind: "not running", paths });
}

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
  });
}

/** A service's replies. Throws what is refused. */
async function* repliesOf(
  socket: Socket,
  patienceMs = PATIENCE_MS,
): AsyncGenerator<Extract<ControlReply, { ok: true }>> {
  let late = false;
  socket.setTimeout(patienceMs, () => {
    late = true;
    socket.destroy();
  });
  for await (const line of createInterface({ input: socket })) {
    const reply = parse(line);
    if (!reply.ok) throw new ApiError({ kind: "refused", reason: reply.error });
    yield reply;
  }
  if (late) throw new ApiError({ kind: "silent" });
}

function parse(line: string): ControlReply {
  try {
    return v.parse(replySchema, JSON.parse(line));
  } catch {
    throw new ApiError({ kind: "unknown" });
  }
}
