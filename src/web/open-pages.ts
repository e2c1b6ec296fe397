/** The pages that are open: what each is told, by whether it may read, for as long as it may. */
import type { ServerWebSocket } from "bun";
import type { Claims } from "./access/claims.ts";
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
/** RFC 6455 and its registry: come again later; what was sent is not taken. */
const CLOSED_FOR = { tooMany: 1013, message: 1003 } as const;

/** A page that is told something. */
interface Told {
  readonly standing: Standing;
  readonly ends: readonly (() => void)[];
  /** Undefined of a page that may not read. */
  readonly work: WorkPage | undefined;
}

/** What the pages are told. */
export interface Tells {
  readonly pairs: ReadonlyMap<string, ServedPair>;
  readonly claims: Claims;
  readonly works: Works;
  readonly reading: Reading;
  readonly machine: string;
  readonly program: string;
}

/** Tells them. */
export class OpenPages {
  readonly #tells: Tells;
  readonly #pages = new Map<ServerWebSocket<OpenPage>, Told>();

  constructor(tells: Tells) {
    this.#tells = tells;
  }

  /** Tells a page what there is, and what is live; one that is too many is told that. */
  open(socket: ServerWebSocket<OpenPage>): void {
    const standing = this.#standingOf(socket);
    if (this.#pages.size >= (standing === "claimed" ? MOST_WITH_CLAIMED : MOST_PAGES)) {
      socket.close(CLOSED_FOR.tooMany, "Too many pages are open: close some.");
      return;
    }
    this.#begin(socket, standing);
  }

  /** A page only listens, but for saying that it is there: one that says something else is no page. */
  heard(socket: ServerWebSocket<OpenPage>, said: string | Buffer): void {
    if (said === HERE) this.#pages.get(socket)?.work?.here();
    else socket.close(CLOSED_FOR.message, "nothing is taken here");
  }

  close(socket: ServerWebSocket<OpenPage>): void {
    socket.data.closed();
    this.#end(socket);
  }

  /** Tells every page, whoever may read. */
  tell(message: PageMessage): void {
    for (const socket of this.#pages.keys()) send(socket, message);
  }

  /** Looks whether claims were made or ended meanwhile: a page whose claim is over falls back at once. */
  look(): void {
    for (const [socket, { standing }] of this.#pages) {
      const now = this.#standingOf(socket);
      if (now === standing) continue;
      this.#end(socket);
      this.#begin(socket, now);
    }
  }

  #begin(socket: ServerWebSocket<OpenPage>, standing: Standing): void {
    const { pairs, works, reading, machine, program } = this.#tells;
    const { id } = socket.data;
    const mayRead = reading === "everybody" || standing === "claimed";
    const isClaimed = standing === "claimed";
    send(socket, {
      ...{ kind: "hello", machine, program, pairs: [...pairs.keys()], page: id },
      ...{ isClaimed, mayRead },
    });
    const work = mayRead ? works.open(id, standing, (message) => send(socket, message)) : undefined;
    const feeds = mayRead ? [...pairs.values()].map(({ feed }) => feed) : [];
    const ends = feeds.map((feed) => feed.listen((message) => send(socket, message)));
    this.#pages.set(socket, { standing, ends, work });
  }

  #end(socket: ServerWebSocket<OpenPage>): void {
    const page = this.#pages.get(socket);
    for (const end of page?.ends ?? []) end();
    page?.work?.leave();
    this.#pages.delete(socket);
  }

  #standingOf({ data }: ServerWebSocket<OpenPage>): Standing {
    return this.#tells.claims.idOf(data.token, Date.now()) === undefined ? "unclaimed" : "claimed";
  }
}

function send(socket: ServerWebSocket<OpenPage>, message: PageMessage): void {
  socket.send(JSON.stringify(message));
}
