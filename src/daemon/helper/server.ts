/** Root's helper: answers a few checked requests of the service and the tools, which are not root. It changes nothing. */
import { lstatSync } from "node:fs";
import {
  HELPER_VERSION,
  type HelperReply,
  type HelperRequest,
  helperRequestSchema,
  LONGEST_HELPER_REQUEST_BYTES,
} from "../../helper/protocol.ts";
import { lookAtDevices, lookForOthers, type OpenDevices } from "../../linux/owners/openers.ts";
import type { Peer } from "../../linux/sockets/peer.ts";
import { bindAt, listen, neverWait } from "../../linux/sockets/stream.ts";
import { requestOf } from "../requests/request-line.ts";
import { BACKLOG, RequestServer } from "../requests/request-server.ts";

/** Where to listen, and for whom. */
export interface HelperOptions {
  /** The socket that systemd has made, by its file descriptor; or a path, for tests. */
  readonly listenOn: { readonly fd: number } | { readonly path: string };
  /** Who may ask beside root: members of this group. */
  readonly group: number | undefined;
  /** Ends by itself after so long without a request, in ms: systemd starts it for the next. */
  readonly endAfterMs: number;
}

/** A client sends its request at once. */
const SILENT_MS = 2_000;

/** Serves until nobody has asked for a while. Rejects when it cannot listen. */
export async function runHelper({ listenOn, group, endAfterMs }: HelperOptions): Promise<void> {
  // A look at all processes takes tens of ms. One serves all who asked before it, however many, for however many ports.
  let newest: OpenDevices | undefined;
  const look = () => {
    newest ??= lookAtDevices();
    return newest;
  };
  const server = new RequestServer({
    listener: listenerOn(listenOn),
    longestBytes: LONGEST_HELPER_REQUEST_BYTES,
    silentMs: SILENT_MS,
    requestsEach: 1,
    beginRound() {
      newest = undefined;
    },
    answer: (request, { peer }) => {
      const isAllowed = peer !== undefined && mayAsk(peer, group);
      return lineOf(isAllowed ? answer(request, look) : failure("this user may not ask"));
    },
    refusal: (why) => lineOf(failure(why)),
  });
  for (;;) {
    const leftMs = server.newcomerMs + endAfterMs - performance.now();
    if (leftMs <= 0) break;
    await Bun.sleep(leftMs);
  }
  server.close();
}

function listenerOn(listenOn: HelperOptions["listenOn"]): number {
  if ("path" in listenOn) {
    const listener = bindAt(listenOn.path);
    listen(listener, listenOn.path, BACKLOG);
    return listener;
  }
  neverWait(listenOn.fd);
  return listenOn.fd;
}

function mayAsk({ uid, groups }: Peer, group: number | undefined): boolean {
  return uid === 0 || (group !== undefined && groups.includes(group));
}

function answer(text: string, look: () => OpenDevices): HelperReply {
  const request = parse(text);
  if (typeof request === "string") return failure(request);
  if (request.ask !== "who has") return failure("this helper cannot do that yet");
  // The schema lets the kernel's own names through only, and what stands there under one must be a device, no link.
  if (lstatSync(request.port, { throwIfNoEntry: false })?.isCharacterDevice() !== true) {
    return failure("there is no such port");
  }
  return { v: HELPER_VERSION, ok: true, programs: [...lookForOthers(request.port, look).others] };
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

function lineOf(reply: HelperReply): string {
  return `${JSON.stringify(reply)}\n`;
}
