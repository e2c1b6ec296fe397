/** Asking a running service on its control socket. */
import { connect, type Socket } from "node:net";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import * as v from "valibot";
import { MAIN_PAIR } from "../config/pairs.ts";
import {
  type ControlReply,
  type ControlRequest,
  PROTOCOL_VERSION,
  replySchema,
  type Status,
} from "./protocol.ts";

/** A service could not be asked. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  /** Whether nothing listens there: the service does not run. */
  readonly notRunning: boolean;

  constructor(message: string, notRunning = false) {
    super(message);
    this.notRunning = notRunning;
  }
}

/** A service answers within ms; one that is stopped never does. */
const PATIENCE_MS = 2_000;

type WithoutVersion<R> = R extends unknown ? Omit<R, "v"> : never;

/** Asks the service that listens at the first of `paths` on which one does; its status, where that was asked. */
export async function askControl(
  paths: readonly string[],
  request: WithoutVersion<Exclude<ControlRequest, { do: "watch" }>>,
): Promise<Status | undefined> {
  const socket = await connectToFirst(paths);
  try {
    send(socket, request);
    for await (const status of repliesOf(socket)) return status;
    throw new ControlError("the service ended before it answered");
  } finally {
    socket.destroy();
  }
}

/** The status of the service at the first of `paths`, again and again until `signal`, or the service, ends it. */
export async function* watchControl(
  paths: readonly string[],
  everyMs: number,
  signal: AbortSignal,
): AsyncGenerator<Status> {
  const socket = await connectToFirst(paths);
  const end = () => socket.destroy();
  signal.addEventListener("abort", end, { once: true });
  try {
    send(socket, { do: "watch", everyMs });
    for await (const status of repliesOf(socket, PATIENCE_MS + everyMs)) if (status) yield status;
    signal.throwIfAborted();
    throw new ControlError("the service has ended", true);
  } finally {
    signal.removeEventListener("abort", end);
    socket.destroy();
  }
}

function send(socket: Socket, request: WithoutVersion<ControlRequest>): void {
  socket.write(`${JSON.stringify({ v: PROTOCOL_VERSION, ...request })}\n`);
}

async function connectToFirst(paths: readonly string[]): Promise<Socket> {
  let refused: ControlError | undefined;
  for (const path of paths) {
    try {
      return await connectTo(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EACCES" || code === "EPERM") {
        refused = new ControlError(
          `you may not talk to the service at ${path} — use sudo, or join the group dialout (sudo adduser $USER dialout)`,
        );
      }
    }
  }
  if (refused !== undefined) throw refused;
  const message =
    `the service does not run (nothing answers at ${paths.join(" or ")}) — start it with ` +
    `"sudo systemctl start ${unitOf(paths[0]!)}", or run "so101 teleoperate"`;
  throw new ControlError(message, true);
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

/** The statuses in a service's replies, undefined for a reply that has none. Throws what is refused. */
async function* repliesOf(socket: Socket, patienceMs = PATIENCE_MS): AsyncGenerator<Status | undefined> {
  let late = false;
  socket.setTimeout(patienceMs, () => {
    late = true;
    socket.destroy();
  });
  for await (const line of createInterface({ input: socket })) {
    const reply = parse(line);
    if (!reply.ok) throw new ControlError(`the service refused: ${reply.error}`);
    yield reply.status;
  }
  if (late) throw new ControlError(`the service does not answer: it may be stopped or hang`);
}

function parse(line: string): ControlReply {
  try {
    return v.parse(replySchema, JSON.parse(line));
  } catch {
    throw new ControlError(
      "what answers is no service of this version — after an upgrade, restart it with systemctl restart so101-teleop",
    );
  }
}

/** The unit of the pair that a socket is named after. */
function unitOf(path: string): string {
  const pair = basename(path, ".sock");
  return pair === MAIN_PAIR ? "so101-teleop" : `so101-teleop@${pair}`;
}
