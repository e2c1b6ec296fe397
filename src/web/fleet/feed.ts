/** The fleet's list as the network's client of this machine hands it out: read once for all pages, while one is open. */
import { randomUUID } from "node:crypto";
import { whyOf } from "../../linux/system-error.ts";
import type { FleetRow } from "../../remote/fleet-list/protocol.ts";
import { readFleetList } from "../../remote/fleet-list/read.ts";
import { pause } from "../../workflows/pause.ts";
import type { PageMessage } from "../messages.ts";
import type { FleetReply } from "./messages.ts";

/** A client that is gone is looked for so often. */
const RETRY_EVERY_MS = 1_000;
/** Whether a broker is configured is looked at so often: a file is read for it. */
const CONFIGURED_FOR_MS = 5_000;
/** Of more pairs that went since then a page is told all anew. */
const MOST_REMOVED = 200;

/** What is told of it. */
export interface FleetFeedOptions {
  /** Where the list may be served. */
  readonly paths: readonly string[];
  /** Whether a broker is configured now. */
  isConfigured(): boolean;
}

interface Known {
  readonly row: FleetRow;
  readonly change: number;
}

type FleetNews = Extract<PageMessage, { kind: "fleet" }>;

/** The list, as it is known. */
export class FleetFeed {
  readonly #options: FleetFeedOptions;
  readonly #id = randomUUID();
  readonly #listeners = new Set<(news: PageMessage) => void>();
  readonly #known = new Map<string, Known>();
  readonly #removed = new Map<string, number>();
  #change = 1;
  /** Who was told nothing since this one is told all anew. */
  #forgotten = 1;
  #machine: string | null = null;
  #trouble: string | null = null;
  #reading: AbortController | undefined;
  #configured: { readonly is: boolean; readonly asOfMs: number } | undefined;

  constructor(options: FleetFeedOptions) {
    this.#options = options;
  }

  /** Whether there is a fleet to be shown, as of some seconds ago at most. */
  get isConfigured(): boolean {
    const nowMs = performance.now();
    if (this.#configured === undefined || nowMs - this.#configured.asOfMs > CONFIGURED_FOR_MS) {
      this.#configured = { is: this.#options.isConfigured(), asOfMs: nowMs };
    }
    return this.#configured.is;
  }

  /** The names of the pairs whose leader may be followed from here. */
  get leaders(): string[] {
    const rows = [...this.#known.values()].map(({ row }) => row);
    return rows
      .filter(({ armsHere, presence, name }) => {
        const isOwn = name.startsWith(`${this.#machine}/`);
        return armsHere !== "follower" && presence === "online" && !isOwn;
      })
      .map(({ name }) => name)
      .sort();
  }

  /** Calls `listener` at each change from now on. Returns what ends that. */
  listen(listener: (news: PageMessage) => void): () => void {
    this.#listeners.add(listener);
    this.#reading ??= this.#read();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#reading?.abort();
      this.#reading = undefined;
    };
  }

  /** What has changed since a place, all of it where that is none of this list's. */
  since(id: string | null, change: number): FleetReply {
    const isAnew = id !== this.#id || change < this.#forgotten || change > this.#change;
    const from = isAnew ? 0 : change;
    return {
      ...{ id: this.#id, change: this.#change, machine: this.#machine, trouble: this.#trouble, isAnew },
      pairs: [...this.#known.values()].filter(({ change }) => change > from).map(({ row }) => row),
      removed: isAnew ? [] : [...this.#removed].filter(([, at]) => at > from).map(([name]) => name),
    };
  }

  #read(): AbortController {
    const reading = new AbortController();
    void this.#readAgain(reading.signal);
    return reading;
  }

  async #readAgain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let trouble = ENDED;
      try {
        for await (const update of readFleetList(this.#options.paths, signal)) {
          if (update.isAnew) this.#forget();
          this.#machine = update.machine;
          for (const row of update.pairs) this.#known.set(row.name, { row, change: ++this.#change });
          for (const name of update.removed) this.#remove(name);
          const hasNews = update.isAnew || update.pairs.length + update.removed.length > 0;
          if (hasNews || update.trouble !== this.#trouble) this.#tell(update.trouble);
        }
      } catch (error) {
        if (signal.aborted) return;
        trouble = sayTrouble(error);
      }
      if (signal.aborted) return;
      if (trouble !== this.#trouble) this.#tell(trouble);
      await pause(RETRY_EVERY_MS, signal).catch(() => {});
    }
  }

  #forget(): void {
    this.#known.clear();
    this.#removed.clear();
    this.#forgotten = ++this.#change;
  }

  #remove(name: string): void {
    if (!this.#known.delete(name)) return;
    this.#removed.set(name, ++this.#change);
    if (this.#removed.size <= MOST_REMOVED) return;
    const [oldest, change] = this.#removed.entries().next().value!;
    this.#removed.delete(oldest);
    this.#forgotten = change;
  }

  #tell(trouble: string | null): void {
    this.#trouble = trouble;
    const news: FleetNews = { kind: "fleet", change: ++this.#change };
    for (const listener of this.#listeners) listener(news);
  }
}

const ENDED =
  "the network's client has ended: what stands here is old. It is looked for again by itself (on the machine: " +
  "sudo systemctl status so101-network)";

function sayTrouble(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  if (code === "ENOENT" || code === "ECONNREFUSED") {
    return "the network's client does not run here: nothing is heard of the fleet — on the machine: sudo systemctl start so101-network";
  }
  if (code === "EACCES" || code === "EPERM") {
    return "this page's program may not ask the network's client: it must be of the group dialout";
  }
  const why = whyOf(error);
  return `the network's client does not answer${why === "" ? "" : ` (${why})`}: it is asked again by itself`;
}
