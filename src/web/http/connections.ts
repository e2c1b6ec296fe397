/**
 * How many connections the server has: Bun's takes any number, and tells nobody of one that says nothing. So it is looked
 * which there are, and where there are too many some are ended: never one that waits for an answer, or is a page's.
 */
import { type Connection, connectionsTo, endConnection, plainAddress } from "../../linux/sockets/inet.ts";

/** Open pages, and for each the few connections that a browser makes; what is more is nobody's page. */
export const MOST_CONNECTIONS = 128;
/** A storm brings thousands a second, and each may hold 8 kB; a look takes 0.1 ms, and 3 ms where there are a thousand. */
const LOOK_EVERY_MS = 100;

/** So much more memory than after the last cleaning is cleaned again: the engine itself lets lie what a storm leaves … */
const CLEAN_AT_BYTES = 6 * 2 ** 20;
/** … at most once in so many looks: it takes 20 ms. */
const LOOKS_A_CLEANING = 5;

/** What is known of a connection. */
interface Known {
  /** When it came, or was last answered. */
  activeMs: number;
  /** Whether a look has seen it: what has just come may have its request on the way. */
  isSeen: boolean;
  /** How many of its requests are not answered; a page's WebSocket is one for as long as it is open. */
  waiting: number;
}

/** Who asks, from which port there. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** Keeps them few. */
export class Connections {
  readonly #known = new Map<string, Known>();
  #looks = 0;
  #cleanBytes = process.memoryUsage.rss();

  /** Looks at the connections to a port of this process until `signal` ends it. */
  constructor(port: number, signal: AbortSignal) {
    const timer = setInterval(() => this.#look(connectionsTo(port), performance.now()), LOOK_EVERY_MS);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  /** A whole request came; what is returned is to be called once it is answered. */
  began({ address, port }: Peer): () => void {
    const key = keyOf({ address: plainAddress(address), port });
    const known = this.#known.get(key) ?? { activeMs: 0, isSeen: false, waiting: 0 };
    this.#known.set(key, known);
    known.waiting++;
    return () => {
      known.waiting--;
      known.activeMs = performance.now();
    };
  }

  #look(connections: readonly Connection[], nowMs: number): void {
    if (++this.#looks % LOOKS_A_CLEANING === 0) this.#clean();
    const each = connections.map((connection) => {
      const key = keyOf(connection);
      const known = this.#known.get(key) ?? { activeMs: nowMs, isSeen: false, waiting: 0 };
      return { connection, key, known };
    });
    const ended = new Set(excessOf(each).map(({ connection }) => connection));
    for (const connection of ended) endConnection(connection);
    this.#known.clear();
    for (const { connection, key, known } of each) {
      if (!ended.has(connection)) this.#known.set(key, Object.assign(known, { isSeen: true }));
    }
  }

  #clean(): void {
    if (process.memoryUsage.rss() < this.#cleanBytes + CLEAN_AT_BYTES) return;
    Bun.gc(true);
    Bun.shrink();
    this.#cleanBytes = process.memoryUsage.rss();
  }
}

/** Those that are too many: of the address that has most the idlest, one after the other. */
function excessOf<Each extends { readonly connection: Connection; readonly known: Known }>(
  each: readonly Each[],
): Each[] {
  const tooMany = each.length - MOST_CONNECTIONS;
  if (tooMany <= 0) return [];
  const perAddress = new Map<string, number>();
  for (const { connection } of each) {
    perAddress.set(connection.address, (perAddress.get(connection.address) ?? 0) + 1);
  }
  const countOf = ({ connection }: Each) => perAddress.get(connection.address)!;
  return each
    .filter(({ known }) => known.waiting === 0 && known.isSeen)
    .sort((a, b) => countOf(b) - countOf(a) || a.known.activeMs - b.known.activeMs)
    .slice(0, tooMany);
}

function keyOf({ address, port }: Peer): string {
  return `${address} ${port}`;
}
