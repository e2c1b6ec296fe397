/** The page's server: one page, one WebSocket for what is live, one request for each button. */
import { hostname } from "node:os";
import type { Server, ServerWebSocket } from "bun";
import * as v from "valibot";
import { version } from "../host/version.ts";
import { EXPOSITION_TYPE, exposition } from "../metrics/exposition.ts";
import { Claimer, type CountedPorts } from "./access/claimer.ts";
import type { Claims } from "./access/claims.ts";
import type { Buttons } from "./buttons.ts";
import { isOwnHost, isOwnOrigin } from "./hosts.ts";
import { type ActionReply, actions, type PageMessage } from "./messages.ts";
import { HEADERS, type PageFile } from "./page-files.ts";
import type { PairFeed } from "./pair-feed.ts";

/** What the server serves. */
export interface WebOptions {
  readonly hostname: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly feeds: ReadonlyMap<string, PairFeed>;
  readonly buttons: ReadonlyMap<string, Buttons>;
  readonly claims: Claims;
  readonly counted: CountedPorts;
  /** Ends everything that goes on. */
  readonly signal: AbortSignal;
}

/** A running server. */
export interface RunningWeb {
  readonly url: string;
  stop(): Promise<void>;
}

/** What each open page has. */
interface OpenPage {
  ends: (() => void)[];
  readonly isClaimed: boolean;
}

/** What all open pages are told. */
const EVERY_PAGE = "every page";

/** A phone, a tablet, a laptop, a few visitors; and tabs that nobody closes. */
const MOST_PAGES = 24;
/** A page sends buttons, and no more. */
const LONGEST_BODY_BYTES = 4_096;
/** A page that does not read so much is not waited for: it connects again. */
const MOST_UNREAD_BYTES = 262_144;
/** Seconds that a connection may be idle: pings go each half of it. */
const IDLE_S = 60;

const requestSchema = v.strictObject({ action: v.picklist(actions) });

/** Starts it. Throws the system's error when the address cannot be listened at. */
export function serveWeb(options: WebOptions): RunningWeb {
  const { hostname: address, port, files, feeds, buttons, claims, counted, signal } = options;
  const claimer = new Claimer(counted, (message) => server.publish(EVERY_PAGE, JSON.stringify(message)));
  let pages = 0;
  const server: Server<OpenPage> = Bun.serve<OpenPage>({
    hostname: address,
    port,
    maxRequestBodySize: LONGEST_BODY_BYTES,
    idleTimeout: IDLE_S,
    async fetch(request, server) {
      const host = request.headers.get("host");
      if (!isOwnHost(host))
        return refusal(421, "This machine has no such name: open its address, or NAME.local.");
      const { pathname } = new URL(request.url);
      if (pathname === "/live") return upgrade(request, server);
      if (pathname === "/metrics") return metrics();
      const claimed = /^\/pairs\/([^/]+)\/claim$/.exec(pathname);
      if (claimed) return claim(request, decodeURIComponent(claimed[1]!));
      const button = /^\/pairs\/([^/]+)\/buttons$/.exec(pathname);
      if (button) return press(request, decodeURIComponent(button[1]!));
      if (request.method !== "GET" && request.method !== "HEAD")
        return refusal(405, "This can only be read.");
      const file = files.get(pathname);
      return file
        ? new Response(file.body, { headers: file.headers })
        : refusal(404, "There is no such page.");
    },
    error: () => refusal(500, "The page's own program has failed in this."),
    websocket: {
      maxPayloadLength: LONGEST_BODY_BYTES,
      backpressureLimit: MOST_UNREAD_BYTES,
      closeOnBackpressureLimit: true,
      idleTimeout: IDLE_S,
      open(socket) {
        pages++;
        const { isClaimed } = socket.data;
        send(socket, {
          kind: "hello",
          machine: hostname(),
          program: version,
          pairs: [...feeds.keys()],
          isClaimed,
        });
        socket.subscribe(EVERY_PAGE);
        socket.data.ends = [...feeds.values()].map((feed) => feed.listen((message) => send(socket, message)));
      },
      // A page only listens here.
      message: (socket) => socket.close(1003, "nothing is taken here"),
      close(socket) {
        pages--;
        for (const end of socket.data.ends) end();
      },
    },
  });

  /** What Prometheus reads: of the pairs whose service answers. */
  async function metrics(): Promise<Response> {
    const statuses = await Promise.all([...feeds.values()].map((feed) => feed.ask()));
    const text = exposition(statuses.filter((status) => status !== undefined));
    return new Response(text, { headers: { ...HEADERS, "content-type": EXPOSITION_TYPE } });
  }

  function upgrade(request: Request, server: Server<OpenPage>): Response | undefined {
    if (!isOwnOrigin(request.headers.get("origin"), request.headers.get("host"))) {
      return refusal(403, "Only this machine's own page may ask.");
    }
    if (pages >= MOST_PAGES) return refusal(503, "Too many pages are open.");
    return server.upgrade(request, { data: { ends: [], isClaimed: isClaimed(request) } })
      ? undefined
      : refusal(426, "A WebSocket is expected.");
  }

  async function press(request: Request, pair: string): Promise<Response> {
    const refused = refusedPost(request, pair);
    if (refused) return refused;
    const asked = v.safeParse(requestSchema, await request.json().catch(() => undefined));
    if (!asked.success) return refusal(400, "There is no such button.");
    const page = isClaimed(request) ? "claimed" : "unclaimed";
    return Response.json(await buttons.get(pair)!.press(asked.output.action, page, signal), {
      headers: HEADERS,
    });
  }

  /** Answers when the attempt is over; a page that goes away ends it. */
  async function claim(request: Request, pair: string): Promise<Response> {
    const refused = refusedPost(request, pair);
    if (refused) return refused;
    const until = AbortSignal.any([signal, request.signal]);
    const why = await claimer.attempt(feeds.get(pair)!, buttons.get(pair)!, until);
    if (why !== undefined)
      return Response.json({ done: false, text: why } satisfies ActionReply, { headers: HEADERS });
    const token = claims.add(request.headers.get("user-agent") ?? "a browser", Date.now());
    const reply: ActionReply = {
      done: true,
      text: "This page is claimed: it may make the arms move for 30 days.",
    };
    return Response.json(reply, { headers: { ...HEADERS, "set-cookie": cookieOf(token) } });
  }

  function refusedPost(request: Request, pair: string): Response | undefined {
    if (request.method !== "POST") return refusal(405, "This is asked with POST.");
    if (!isOwnOrigin(request.headers.get("origin"), request.headers.get("host"))) {
      return refusal(403, "Only this machine's own page may ask.");
    }
    return feeds.has(pair) ? undefined : refusal(404, "There is no such pair.");
  }

  function isClaimed(request: Request): boolean {
    return claims.has(tokenIn(request.headers.get("cookie")), Date.now());
  }

  return { url: server.url.href, stop: () => server.stop(true) };
}

const COOKIE = "so101_claim";

/** Not Secure: plain http is what there is in a home's network. */
function cookieOf(token: string): string {
  return `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${30 * 24 * 3600}`;
}

function tokenIn(cookies: string | null): string | undefined {
  return new Bun.CookieMap(cookies ?? "").get(COOKIE) ?? undefined;
}

function send(socket: ServerWebSocket<OpenPage>, message: PageMessage): void {
  socket.send(JSON.stringify(message));
}

function refusal(status: number, text: string): Response {
  return Response.json({ done: false, text } satisfies ActionReply, { status, headers: HEADERS });
}
