/** The page's server: one page, one WebSocket for what is live, and the routes of the page's rooms. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Server } from "bun";
import type { WebConfig } from "../config/web.ts";
import { version } from "../host/version.ts";
import { plainAddress } from "../linux/sockets/inet.ts";
import type { CountedPorts } from "./access/attempt.ts";
import { Claimer } from "./access/claimer.ts";
import type { Claims } from "./access/claims.ts";
import type { Codes } from "./access/codes.ts";
import { tokenIn } from "./access/cookie.ts";
import { accessRoutes, claimRoutes } from "./access/routes.ts";
import { NotKept } from "./access/state.ts";
import { datasetRoutes } from "./datasets/routes.ts";
import type { FleetFeed } from "./fleet/feed.ts";
import { fleetRoute } from "./fleet/routes.ts";
import { healthRoutes } from "./health/routes.ts";
import { Remembering } from "./history/remembering.ts";
import { historyRoutes } from "./history/routes.ts";
import { Allowance } from "./http/allowance.ts";
import { Connections, type Peer } from "./http/connections.ts";
import { isFromOwnPage, LONGEST_BODY_BYTES, refusedBy, refusedToAll } from "./http/entry.ts";
import { lasting } from "./http/lasting.ts";
import { fileResponse, type PageFile, scriptOf } from "./http/page-files.ts";
import { refusal } from "./http/replies.ts";
import type { Asked, MachineRoute, PairRoute, Standing } from "./http/route.ts";
import { type OpenPage, OpenPages } from "./open-pages.ts";
import { driverRoutes } from "./pairs/drivers.ts";
import { metricsRoute, pairRoutes, stopRoute } from "./pairs/routes.ts";
import type { ServedPair } from "./pairs/served-pair.ts";
import { Recorders } from "./recording/recorders.ts";
import { recordingRoutes } from "./recording/routes.ts";
import type { SetUpMeans } from "./set-up/place.ts";
import { setUpRoutes } from "./set-up/routes.ts";
import { settingsRoutes } from "./settings/routes.ts";
import { machineWorkRoutes, workRoutes } from "./work/routes.ts";
import { Works } from "./work/works.ts";

/** What the server serves. */
export interface WebOptions extends SetUpMeans {
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
  readonly codes: Codes;
  readonly counted: CountedPorts;
  /** The pairs of all machines, where a broker is configured. */
  readonly fleet: FleetFeed;
  /** The folder of datasets. */
  readonly datasets: string;
  /** Ends everything that goes on. */
  readonly signal: AbortSignal;
}

/** A running server. */
export interface RunningWeb {
  readonly url: string;
  /** All that can be asked of it, besides the page's files and its WebSocket. */
  readonly routes: { readonly ofMachine: readonly MachineRoute[]; readonly ofPairs: readonly PairRoute[] };
  /** Ends the works that go on, each with its own safe end, then the server. */
  stop(): Promise<void>;
}

/** A page that does not read so much is not waited for: it connects again. */
const MOST_UNREAD_BYTES = 262_144;
/** Seconds that a request may take to come, and a connection to lie idle. */
const IDLE_S = 10;
/** Seconds that a request may take to be answered: a claim has 30. */
const ANSWERED_WITHIN_S = 120;
/** Seconds after which a page that answers no ping is gone: pings go each half of it. */
const SILENT_PAGE_S = 30;
/** What an unclaimed page may read: as much at once as one that opens asks, several times over, and then as a page does. */
const READ_BY_UNCLAIMED = { burst: 60, perS: 20 };
/** A claim that was ended elsewhere, and a pair that is new, are noticed within this. */
const LOOK_EVERY_MS = 500;

/** Starts it. Throws the system's error when the address cannot be listened at. */
export function serveWeb(options: WebOptions): RunningWeb {
  const { hostname: address, port, files, pairs, claims, reading, names, fleet, signal } = options;
  const known = { machine: hostname(), program: version, script: scriptOf(files) };
  const works = new Works();
  const recorders = new Recorders(options.datasets);
  const pages = new OpenPages({ known, pairs, claims, works, reading, fleet });
  const claimer = new Claimer(options, (message) => pages.tell(message));
  const allowance = new Allowance(READ_BY_UNCLAIMED);
  const ofMachine: readonly MachineRoute[] = [
    metricsRoute(pairs),
    stopRoute(pairs),
    fleetRoute(fleet),
    ...datasetRoutes(options.datasets),
    ...accessRoutes(claimer, claims, () => pages.look()),
    ...machineWorkRoutes(works),
  ];
  const ofPairs: readonly PairRoute[] = [
    ...pairRoutes,
    ...driverRoutes(fleet),
    ...claimRoutes(claimer, claims),
    ...workRoutes(works),
    ...setUpRoutes(works, options),
    ...healthRoutes(),
    ...settingsRoutes,
    ...historyRoutes,
    ...recordingRoutes(recorders),
  ];
  const server: Server<OpenPage> = Bun.serve<OpenPage>({
    hostname: address,
    port,
    maxRequestBodySize: LONGEST_BODY_BYTES,
    idleTimeout: IDLE_S,
    fetch(request, server) {
      const peer = server.requestIP(request) ?? { address: "", port: 0 };
      const refused = refusedToAll(request, names);
      if (refused) return refused;
      const url = URL.parse(request.url);
      if (url === null) return refusal(400, "That is no address.");
      if (url.pathname === "/live") return upgrade(request, server, peer);
      return ask(request, url, peer);
    },
    error: (error) => {
      return refusal(
        500,
        error instanceof NotKept ? error.message : "The page's own program has failed in this.",
      );
    },
    websocket: {
      maxPayloadLength: 1_024,
      backpressureLimit: MOST_UNREAD_BYTES,
      closeOnBackpressureLimit: true,
      idleTimeout: SILENT_PAGE_S,
      open: (socket) => pages.open(socket),
      message: (socket, said) => pages.heard(socket, said),
      close: (socket) => pages.close(socket),
    },
  });
  // Only now: a server that cannot listen has begun nothing. A page that opens finds the last minutes, also where none was
  // open.
  const remembering = new Remembering(pairs);
  const connections = new Connections(server.port!, signal);
  const looking = setInterval(() => {
    pages.look();
    remembering.look();
  }, LOOK_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(looking), { once: true });

  function upgrade(request: Request, server: Server<OpenPage>, peer: Peer): Response | undefined {
    if (!isFromOwnPage(request)) return refusal(403, "Only this machine's own page may ask.");
    const token = tokenOf(request);
    // A page that was refused asks why in a request that is none for a WebSocket.
    const full = pages.fullFor(token);
    if (full !== undefined) return refusal(503, full);
    const closed = connections.began(peer);
    if (server.upgrade(request, { data: { id: randomUUID(), token, closed } })) return undefined;
    closed();
    return refusal(426, "A WebSocket is expected.", { upgrade: "websocket" });
  }

  /** What a route, or a file of the page, is for a path. */
  async function ask(request: Request, url: URL, peer: Peer): Promise<Response> {
    const [, name, path] = /^\/pairs\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    const ofPair = ofPairs.find((route) => route.path === path);
    const route = name === undefined ? ofMachine.find(({ path }) => path === url.pathname) : ofPair;
    if (route === undefined) return fileOf(request, url);
    const token = tokenOf(request);
    const address = plainAddress(peer.address);
    const look = () => {
      const claim = claims.idOf(token, Date.now());
      const standing: Standing = claim === undefined ? "unclaimed" : "claimed";
      const refused = refusedBy(route, request, { standing, reading, address, allowance });
      return { claim, standing, refused };
    };
    const before = look();
    if (before.refused) return before.refused;
    // Bun ends a connection whose request has not come in its time; from then on it is the answer's.
    const whole = request.method === "POST" ? await wholeOf(request) : request;
    // Meanwhile its claim may have been ended.
    const { claim, standing, refused } = before.claim === undefined ? before : look();
    if (refused) return refused;
    server.timeout(request, ANSWERED_WITHIN_S);
    const answered = connections.began(peer);
    let isAnswered = answered;
    const asked: Asked = {
      ...{ request: whole, url, standing, claim, address, signal },
      lasting(body, over) {
        isAnswered = () => {};
        const isAllowed = () => !signal.aborted && claims.idOf(token, Date.now()) === claim;
        return lasting(body, isAllowed, () => {
          answered();
          over();
        });
      },
    };
    try {
      if (name === undefined) return await (route as MachineRoute).answer(asked);
      const pair = [...pairs.values()].find((pair) => encodeURIComponent(pair.name) === name);
      return pair ? await (route as PairRoute).answer(pair, asked) : refusal(404, "There is no such pair.");
    } finally {
      isAnswered();
    }
  }

  function fileOf(request: Request, url: URL): Response {
    if (request.method === "POST") return refusal(405, "This can only be read.", { allow: "GET, HEAD" });
    const file = files.get(url.pathname);
    if (file === undefined) return refusal(404, "There is no such page.");
    return fileResponse(file, request.headers.get("accept-encoding"));
  }

  return {
    url: server.url.href,
    routes: { ofMachine, ofPairs },
    async stop() {
      remembering.end();
      await Promise.all([works.end(), recorders.end()]);
      await server.stop(true);
    },
  };
}

function tokenOf({ headers }: Request): string | undefined {
  return tokenIn(headers.get("cookie"));
}

/** A request whose body has come. */
async function wholeOf(request: Request): Promise<Request> {
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body: await request.bytes() });
}
