/** Root's helper: answers a few checked requests of the service and the tools, which are not root. It changes nothing. */
import { lstatSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import {
  HELPER_VERSION,
  type HelperReply,
  type HelperRequest,
  helperRequestSchema,
  LONGEST_HELPER_REQUEST_BYTES,
} from "../../helper/protocol.ts";
import { lookForOthers } from "../../linux/openers.ts";
import { type Peer, peerOf } from "../../linux/peer.ts";
import { requestOf } from "../request-line.ts";

/** Where to listen, and for whom. */
export interface HelperOptions {
  /** The socket that systemd has made, by its file descriptor; or a path, for tests. */
  readonly listenOn: { readonly fd: number } | { readonly path: string };
  /** Who may ask beside root: members of this group. */
  readonly group: number | undefined;
  /** Ends by itself after so long without a request, in ms: systemd starts it for the next. */
  readonly endAfterMs: number;
}

const MOST_CONNECTIONS = 16;
/** A client sends its request at once, and reads the reply at once. */
const CLIENT_MS = 2_000;

/** Serves until nobody has asked for a while. Rejects when it cannot listen. */
export function runHelper({ listenOn, group, endAfterMs }: HelperOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let connections = 0;
    const server: Server = createServer((socket) => {
      idle.refresh();
      socket.on("error", () => socket.destroy());
      if (connections >= MOST_CONNECTIONS) {
        socket.destroy();
        return;
      }
      connections++;
      socket.on("close", () => connections--);
      const peer = peerBehind(socket);
      converse(socket, (request) => {
        if (peer === undefined || !mayAsk(peer, group)) return failure("this user may not ask");
        return answer(request);
      });
    });
    const idle = setTimeout(() => server.close(() => resolve()), endAfterMs);
    server.on("error", (error) => {
      clearTimeout(idle);
      reject(error);
    });
    server.listen(listenOn);
  });
}

/** Who has connected. Bun's sockets have a handle, as Node's have; without it nobody is heard. */
function peerBehind(socket: Socket): Peer | undefined {
  const { fd } = (socket as unknown as { _handle?: { fd?: number } })._handle ?? {};
  return fd === undefined || fd < 0 ? undefined : peerOf(fd);
}

function mayAsk({ uid, groups }: Peer, group: number | undefined): boolean {
  return uid === 0 || (group !== undefined && groups.includes(group));
}

/** Takes one request, answers it, and ends. */
function converse(socket: Socket, reply: (request: string) => HelperReply): void {
  let text = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), CLIENT_MS);
  socket.on("close", () => clearTimeout(timer));
  socket.on("data", (chunk: Buffer) => {
    text = Buffer.concat([text, chunk]);
    const end = text.indexOf("\n");
    if (end >= LONGEST_HELPER_REQUEST_BYTES || (end === -1 && text.length >= LONGEST_HELPER_REQUEST_BYTES)) {
      endWith(socket, failure("the request is too long"));
    } else if (end !== -1) {
      endWith(socket, reply(text.toString("utf8", 0, end)));
    }
  });
}

function endWith(socket: Socket, reply: HelperReply): void {
  socket.pause();
  socket.end(`${JSON.stringify(reply)}\n`, () => socket.destroy());
  setTimeout(() => socket.destroy(), CLIENT_MS).unref();
}

function answer(text: string): HelperReply {
  const request = parse(text);
  if (typeof request === "string") return failure(request);
  // The schema lets the kernel's own names through only, and what stands there under one must be a device, no link.
  if (lstatSync(request.port, { throwIfNoEntry: false })?.isCharacterDevice() !== true) {
    return failure("there is no such port");
  }
  return { v: HELPER_VERSION, ok: true, programs: [...lookForOthers(request.port).others] };
}

/** The request, or what is wrong with it. */
function parse(text: string): HelperRequest | string {
  return requestOf(
    text,
    HELPER_VERSION,
    helperRequestSchema,
    () => `this helper speaks version ${HELPER_VERSION} of its protocol`,
  );
}

function failure(error: string): HelperReply {
  return { v: HELPER_VERSION, ok: false, error };
}
