/** The pages that are open: what each is told, by whether it may read, for as long as it may. */
import type { ServerWebSocket } from "bun";
import type { Claims } from "./access/claims.ts";
import type { FleetFeed } from "./fleet/feed.ts";
import type { Reading, Standing } from "./http/route.ts";
import type { PageMessage } from "./messages.ts";
import type { ServedPair } from "./pairs/served-pair.ts";
import { HERE } from "./work/messages.ts";
import type { WorkPage, Works } from "./work/works.ts";

/** What each page's connection has. */
export interface OpenPage {
  /** Which page it is: what moves an arm is begun with it, and ends with the page. */
  readonly id: string;
  readonly token: string | undefined;
  /** Called when it is closed. */
  readonly closed: () => void;
}

/** A phone, a tablet, a laptop, a few visitors; and tabs that nobody closes … */
const MOST_PAGES = 24;
/** … beyond which pages that are claimed have places that nobody else can take. */
const MOST_WITH_CLAIMED = 32;
/** RFC 6455: what was sent is not taken. */
const NOTHING_IS_TAKEN = 1003;
/** A page that hears nothing for 5 s takes its connection for dead. */
const HELLO_EVERY_MS = 2_000;

/** A page that is told something. */
interface Told {
  readonly standing: Standing;
  readonly hasFleet: boolean;
  readonly ends: readonly (() => void)[];
  readonly helloMs: number;
  /** Undefined of a page that may not read. */
  readonly work: WorkPage | undefined;
}

/** What the pages are told. */
export interface Tells {
  /** What every page is told at first. */
  readonly known: Omit<
    Extract<PageMessage, { kind: "hello" }>,
    "kind" | "page" | "pairs" | "isClaimed" | "mayRead" | "hasFleet"
  >;
  readonly pairs: ReadonlyMap<string, ServedPair>;
  readonly claims: Claims;
  readonly works: Works;
  readonly reading: Reading;
  readonly fleet: FleetFeed;
}

/** Tells them. */
export class OpenPages {
  readonly #tells: Tells;
  readonly #pages = new Map<ServerWebSocket<OpenPage>, Told>();
  /** The message that was sent last. */
  #written: { readonly message: PageMessage; readonly text: string } | undefined;

  constructor(tells: Tells) {
    this.#tells = tells;
  }

  /** Why no page with this token can be opened now; undefined where it can. */
  fullFor(token: string | undefined): string | undefined {
    const most = this.#standingOf(token) === "claimed" ? MOST_WITH_CLAIMED : MOST_PAGES;
    if (this.#pages.size < most) return undefined;
    return `${this.#pages.size} pages are open already: close one elsewhere, and this one goes on.`;
  }

  /** Tells a page what there is, and what is live. */
  open(socket: ServerWebSocket<OpenPage>): void {
    this.#begin(socket, this.#standingOf(socket.data.token));
  }

  /** A page only listens, but for saying that it is there: one that says something else is no page. */
  heard(socket: ServerWebSocket<OpenPage>, said: string | Buffer): void {
    if (said === HERE) this.#pages.get(socket)?.work?.here();
    else socket.close(NOTHING_IS_TAKEN, "nothing is taken here");
  }

  close(socket: ServerWebSocket<OpenPage>): void {
    socket.data.closed();
    this.#end(socket);
  }

  /** Tells every page, whoever may read. */
  tell(message: PageMessage): void {
    for (const socket of this.#pages.keys()) this.#send(socket, message);
  }

  /**
   * Looks whether claims were made or ended meanwhile, a page whose claim is over falls back at once; and whether a broker was
   * configured.
   */
  look(): void {
    const { isConfigured } = this.#tells.fleet;
    const nowMs = performance.now();
    for (const [socket, { standing, hasFleet, ends, helloMs }] of this.#pages) {
      const now = this.#standingOf(socket.data.token);
      // Who may read hears more often of the pairs, if there are any.
      const isSame = now === standing && isConfigured === hasFleet;
      if (isSame && (ends.length > 0 || nowMs - helloMs < HELLO_EVERY_MS)) continue;
      this.#end(socket);
      this.#begin(socket, now);
    }
  }

  #begin(socket: ServerWebSocket<OpenPage>, standing: Standing): void {
    const { known, pairs, works, reading, fleet } = this.#tells;
    const { id } = socket.data;
    const mayRead = reading === "everybody" || standing === "claimed";
    const isClaimed = standing === "claimed";
    const hasFleet = fleet.isConfigured;
    const who = { page: id, isClaimed, mayRead, hasFleet };
    this.#send(socket, { kind: "hello", ...known, pairs: [...pairs.keys()], ...who });
    const work = mayRead ? works.open(id, standing, (message) => this.#send(socket, message)) : undefined;
    const feeds = mayRead ? [...pairs.values().map(({ feed }) => feed), ...(hasFleet ? [fleet] : [])] : [];
    const ends = feeds.map((feed) => feed.listen((message) => this.#send(socket, message)));
    this.#pages.set(socket, { standing, hasFleet, ends, work, helloMs: performance.now() });
  }

  #end(socket: ServerWebSocket<OpenPage>): void {
    const page = this.#pages.get(socket);
    for (const end of page?.ends ?? []) end();
    page?.work?.leave();
    this.#pages.delete(socket);
  }

  /** What all pages are told they are told one after the other: it is written out once. */
  #send(socket: ServerWebSocket<OpenPage>, message: PageMessage): void {
    if (message !== this.#written?.message) this.#written = { message, text: JSON.stringify(message) };
    socket.send(this.#written.text);
  }

  #standingOf(token: string | undefined): Standing {
    return this.#tells.claims.idOf(token, Date.now()) === undefined ? "unclaimed" : "claimed";
  }
}
