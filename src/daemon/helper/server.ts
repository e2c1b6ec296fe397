/** Root's helper: does a few checked things for the service, the tools and the page, which are not root. */
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
import { ChangeQueue, failure, rootWork, type Work } from "./changes.ts";

/** Where to listen, and for whom. */
export interface HelperOptions {
  /** The socket that systemd has made, by its file descriptor; or a path, for tests. */
  readonly listenOn: { readonly fd: number } | { readonly path: string };
  /** Who may ask who has a port, beside root: members of this group. */
  readonly group: number | undefined;
  /** Who may have something changed, beside root: this user. */
  readonly changer: number | undefined;
  /** Does what changes something; the machine's way if left out. */
  readonly work?: Work;
  /** Ends by itself after so long without a request, in ms: systemd starts it for the next. */
  readonly endAfterMs: number;
}

/** A client sends its request at once. */
const SILENT_MS = 2_000;

/** Serves until nobody has asked for a while. Rejects when it cannot listen. */
export async function runHelper(options: HelperOptions): Promise<void> {
  const { listenOn, group, changer, work = rootWork, endAfterMs } = options;
  const changes = new ChangeQueue(work);
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
    answer: (text, { peer, hold }) => {
      if (peer === undefined || !mayAsk(peer, group, changer)) return lineOf(NOT_ALLOWED);
      const request = parse(text);
      if (typeof request === "string") return lineOf(failure(request));
      if (request.ask === "who has") return lineOf(whoHas(request.port, look));
      if (!mayChange(peer, changer)) return lineOf(NOT_ALLOWED);
      const change = changes.add(request);
      if (change === undefined) return lineOf(failure("too much is being changed at once: try again"));
      hold({
        look(reader) {
          if (change.reply === undefined) return true;
          reader.say(lineOf(change.reply));
          return false;
        },
        // It is done all the same: a change that was begun is not left half-way.
        ended() {},
      });
      return undefined;
    },
    refusal: (why) => lineOf(failure(why)),
  });
  for (;;) {
    const leftMs = Math.max(server.newcomerMs, changes.doneMs) + endAfterMs - performance.now();
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

function mayAsk(peer: Peer, group: number | undefined, changer: number | undefined): boolean {
  return mayChange(peer, changer) || (group !== undefined && peer.groups.includes(group));
}

/** The group is trusted with the arms; names, configurations and services are root's, and what the page asks of them. */
function mayChange({ uid }: Peer, changer: number | undefined): boolean {
  return uid === 0 || (changer !== undefined && uid === changer);
}

const NOT_ALLOWED = failure("this user may not ask");

function whoHas(port: string, look: () => OpenDevices): HelperReply {
  // The schema lets the kernel's own names through only, and what stands there under one must be a device, no link.
  if (lstatSync(port, { throwIfNoEntry: false })?.isCharacterDevice() !== true) {
    return failure("there is no such port");
  }
  return { v: HELPER_VERSION, ok: true, programs: [...lookForOthers(port, look).others] };
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

function lineOf(reply: HelperReply): string {
  return `${JSON.stringify(reply)}\n`;
}
