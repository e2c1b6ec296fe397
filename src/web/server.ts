/** The page's server: one page, one WebSocket for what is live, and the routes of the page's rooms. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Server, ServerWebSocket } from "bun";
import type { WebConfig } from "../config/web.ts";
import { version } from "../host/version.ts";
import { Claimer, type CountedPorts } from "./access/claimer.ts";
import type { Claims } from "./access/claims.ts";
import { tokenIn } from "./access/cookie.ts";
import { claimRoutes } from "./access/routes.ts";
import { rememberAll } from "./history/remember.ts";
import { historyRoutes } from "./history/routes.ts";
import { isOwnHost, isOwnOrigin } from "./http/hosts.ts";
import type { PageFile } from "./http/page-files.ts";
import { refusal } from "./http/replies.ts";
import type { Asked, Asker, MachineRoute, PairRoute, Standing } from "./http/route.ts";
import type { PageMessage } from "./messages.ts";
import { metricsRoute, pairRoutes } from "./pairs/routes.ts";
import type { ServedPair } from "./pairs/served-pair.ts";
import type { SetUpMeans } from "./set-up/place.ts";
import { setUpRoutes } from "./set-up/routes.ts";
import { settingsRoutes } from "./settings/routes.ts";
import { HERE } from "./work/messages.ts";
import { machineWorkRoutes, workRoutes } from "./work/routes.ts";
import { type WorkPage, Works } from "./work/works.ts";

/** What the server serves. */
export interface WebOptions {
  readonly hostname: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Who may see how the arms are. */
  readonly reading: WebConfig["read"];
  /** Further names by which this machine is asked. */
  readonly names: readonly string[];
  readonly files: ReadonlyMap<string, PageFile>;
  readonly pairs: ReadonlyMap<string, ServedPair>;
  readonly claims: Claims;
  readonly counted: CountedPorts;
  readonly setUp: SetUpMeans;
  /** Ends everything that goes on. */
  readonly signal: AbortSignal;
}

/** A running server. */
export interface RunningWeb {
  readonly url: string;
  /** Ends the works that go on, each with its own safe end, then the server. */
  stop(): Promise<void>;
}

/** What each open page has. */
interface OpenPage {
  ends: (() => void)[];
  readonly id: string;
  readonly standing: Standing;
  work?: WorkPage;
}

/** What all open pages are told. */
const EVERY_PAGE = "every page";

/** A phone, a tablet, a laptop, a few visitors; and tabs that nobody closes. */
const MOST_PAGES = 24;
/** A page sends buttons, answers and files of calibrations. */
const LONGEST_BODY_BYTES = 65_536;
/** A page that does not read so much is not waited for: it connects again. */
const MOST_UNREAD_BYTES = 262_144;
/** Seconds that a connection may be idle: pings go each half of it. */
const IDLE_S = 60;

/** Starts it. Throws the system's error when the address cannot be listened at. */
export function serveWeb(options: WebOptions): RunningWeb {
  const { hostname: address, port, files, pairs, claims, counted, signal } = options;
  const tellPages = (message: PageMessage) => server.publish(EVERY_PAGE, JSON.stringify(message));
  const claimer = new Claimer(counted, tellPages);
  const works = new Works();
  const ofMachine: readonly MachineRoute[] = [metricsRoute(pairs), ...machineWorkRoutes(works)];
  const ofPairs: readonly PairRoute[] = [
    ...pairRoutes,
    ...claimRoutes(claimer, claims),
    ...workRoutes(works),
    ...setUpRoutes(works, options.setUp),
    ...settingsRoutes,
    ...historyRoutes,
  ];
  const forget = rememberAll(pairs);
  let pages = 0;
  const server: Server<OpenPage> = Bun.serve<OpenPage>({
    hostname: address,
    port,
    maxRequestBodySize: LONGEST_BODY_BYTES,
    idleTimeout: IDLE_S,
    fetch(request, server) {
      const host = request.headers.get("host");
      if (!isOwnHost(host))
        return refusal(421, "This machine has no such name: open its address, or NAME.local.");
      const url = new URL(request.url);
      if (url.pathname === "/live") return upgrade(request, server);
      const asked: Asked = { request, url, standing: standingOf(request), signal };
      return ask(asked) ?? fileOf(asked);
    },
    error: () => refusal(500, "The page's own program has failed in this."),
    websocket: {
      maxPayloadLength: LONGEST_BODY_BYTES,
      backpressureLimit: MOST_UNREAD_BYTES,
      closeOnBackpressureLimit: true,
      idleTimeout: IDLE_S,
      open(socket) {
        pages++;
        send(socket, {
          kind: "hello",
          machine: hostname(),
          program: version,
          pairs: [...pairs.keys()],
          isClaimed: socket.data.standing === "claimed",
          page: socket.data.id,
        });
        socket.subscribe(EVERY_PAGE);
        const { id, standing } = socket.data;
        socket.data.work = works.open(id, standing, (message) => send(socket, message));
        socket.data.ends = [...pairs.values()].map(({ feed }) =>
          feed.listen((message) => send(socket, message)),
        );
      },
      // A page only listens here, but for saying that it is there.
      message(socket, text) {
        if (text === HERE) socket.data.work?.here();
        else socket.close(1003, "nothing else is taken here");
      },
      close(socket) {
        pages--;
        socket.data.work?.leave();
        for (const end of socket.data.ends) end();
      },
    },
  });

  function upgrade(request: Request, server: Server<OpenPage>): Response | undefined {
    if (!isOwnOrigin(request.headers.get("origin"), request.headers.get("host"))) {
      return refusal(403, "Only this machine's own page may ask.");
    }
    if (pages >= MOST_PAGES) return refusal(503, "Too many pages are open.");
    return server.upgrade(request, { data: { ends: [], id: randomUUID(), standing: standingOf(request) } })
      ? undefined
      : refusal(426, "A WebSocket is expected.");
  }

  /** What a route answers; undefined where there is none of that path. */
  function ask(asked: Asked): Response | Promise<Response> | undefined {
    const [, name, path] = /^\/pairs\/([^/]+)\/(.+)$/.exec(asked.url.pathname) ?? [];
    if (name === undefined) {
      const route = ofMachine.find(({ path }) => path === asked.url.pathname);
      return route && (refusedBy(route, asked) ?? route.answer(asked));
    }
    const route = ofPairs.find((route) => route.path === path);
    if (route === undefined) return undefined;
    const refused = refusedBy(route, asked);
    if (refused) return refused;
    const pair = [...pairs.values()].find((pair) => encodeURIComponent(pair.name) === name);
    return pair ? route.answer(pair, asked) : refusal(404, "There is no such pair.");
  }

  function refusedBy(
    { method, who }: { readonly method: string; readonly who: Asker },
    { request, standing }: Asked,
  ): Response | undefined {
    if (request.method !== method) return refusal(405, `This is asked with ${method}.`);
    const { headers } = request;
    if (method !== "GET" && !isOwnOrigin(headers.get("origin"), headers.get("host"))) {
      return refusal(403, "Only this machine's own page may ask.");
    }
    if (who === "claimed" && standing !== "claimed") {
      return refusal(403, "This takes a claimed page: claim it first.");
    }
    return undefined;
  }

  function fileOf({ request, url }: Asked): Response {
    if (request.method !== "GET" && request.method !== "HEAD") return refusal(405, "This can only be read.");
    const file = files.get(url.pathname);
    return file ? new Response(file.body, { headers: file.headers }) : refusal(404, "There is no such page.");
  }

  function standingOf({ headers }: Request): Standing {
    return claims.has(tokenIn(headers.get("cookie")), Date.now()) ? "claimed" : "unclaimed";
  }

  return {
    url: server.url.href,
    async stop() {
      forget();
      await works.end();
      await server.stop(true);
    },
  };
}

function send(socket: ServerWebSocket<OpenPage>, message: PageMessage): void {
  socket.send(JSON.stringify(message));
}
