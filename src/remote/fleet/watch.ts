/** What is known of every pair of every machine, from what a broker hands on: bounded, whoever writes there. */
import { type FleetEvent, type FleetStatus, readEvent, readStatus } from "./protocol.ts";
import { fleetTopic } from "./topics.ts";

/** A pair says how it is each second: what was not heard of for longer is stale, though it called itself online. */
export const STALE_AFTER_MS = 3_000;

/** Pairs beyond these are not taken in, unless one that is not online makes room. */
const MOST_PAIRS = 2_000;
/** The newest events, of all pairs together. */
const MOST_EVENTS = 500;

/** How a pair is there. */
export type Presence =
  /** Heard of within the last {@link STALE_AFTER_MS}. */
  | "online"
  /** It calls itself online, and is silent. */
  | "stale"
  /** It has ended, or the broker has lost it. */
  | "offline"
  /** It speaks a version of the messages that this program does not know. */
  | "other version";

/** A pair of a machine, as it was heard of last. Texts in it are anybody's, of a bounded length. */
export interface FleetPair {
  /** `desk/main`. */
  readonly name: string;
  readonly machine: string;
  readonly pair: string;
  readonly presence: Presence;
  /** The version of its messages. */
  readonly version: number;
  /** When it was heard of last, by this machine's clock; null while nothing came but what the broker had kept, however old. */
  readonly heardAt: string | null;
  /** What it said last while it was online; null where nothing of that was heard or understood. */
  readonly status: FleetStatus | null;
  /** Of one that is offline: `stopped` of one that ended, `lost` of one that is gone without a word. */
  readonly gone: string | null;
}

/** An event of a pair. */
export interface ToldFleetEvent extends FleetEvent {
  /** `desk/main`. */
  readonly name: string;
}

/** How much has come, and how much of it was not used. */
export interface FleetCounts {
  readonly messages: number;
  /** Not JSON, too long, or not what the topic is for. */
  readonly rubbish: number;
  readonly otherVersion: number;
  /** Of pairs for which there was no room. */
  readonly noRoom: number;
  /** Events that had come before. */
  readonly again: number;
}

/** What is kept of a pair. */
interface Kept {
  shown: FleetPair;
  heardMs: number;
  /** When it changed last, in the order of all changes. */
  revision: number;
  isLive: boolean;
  /** The newest event that was taken in. */
  lastEvent: { readonly startedAt: string; readonly number: number } | undefined;
}

/**
 * Every pair that is heard of. Give it what comes with {@link FleetWatch.take}, and call {@link FleetWatch.look} every
 * half second or so, for those that fall silent.
 */
export class FleetWatch {
  readonly #pairs = new Map<string, Kept>();
  readonly #removed = new Map<string, number>();
  #events: { readonly event: ToldFleetEvent; readonly revision: number }[] = [];
  #revision = 0;
  /** Since the last look nobody was found who could make room. */
  #isFull = false;
  readonly #counts = { messages: 0, rubbish: 0, otherVersion: 0, noRoom: 0, again: 0 };

  /** Grows with every change of what is shown. */
  get revision(): number {
    return this.#revision;
  }

  /** See {@link FleetCounts}. */
  get counts(): FleetCounts {
    return this.#counts;
  }

  /** All pairs, by name. */
  get pairs(): FleetPair[] {
    return [...this.#pairs.values()].map(({ shown }) => shown).sort(byName);
  }

  /** The newest events of all, the oldest of them first. */
  get events(): ToldFleetEvent[] {
    return this.#events.map(({ event }) => event);
  }

  /** Whether every pair that calls itself online has said so since this began to listen, or is stale. */
  get isSettled(): boolean {
    return this.#pairs.values().every(({ shown, isLive }) => isLive || shown.presence !== "online");
  }

  /** What has changed since a revision: pairs, events, and the names of pairs that are no more. */
  changedSince(revision: number): {
    readonly revision: number;
    readonly pairs: FleetPair[];
    readonly events: ToldFleetEvent[];
    readonly removed: string[];
  } {
    const isNew = (kept: { readonly revision: number }) => kept.revision > revision;
    return {
      revision: this.#revision,
      pairs: [...this.#pairs.values().filter(isNew)].map(({ shown }) => shown).sort(byName),
      events: this.#events.filter(isNew).map(({ event }) => event),
      removed: [...this.#removed].filter(([, at]) => at > revision).map(([name]) => name),
    };
  }

  /** Takes in a message; `nowMs` is of performance.now(). Never throws. */
  take(topic: string, payload: Uint8Array, isRetained: boolean, nowMs = performance.now()): void {
    this.#counts.messages++;
    const about = fleetTopic(topic);
    if (about === undefined) this.#counts.rubbish++;
    else if (about.what === "status") this.#takeStatus(about, payload, isRetained, nowMs);
    else this.#takeEvent(`${about.machine}/${about.pair}`, payload, isRetained);
  }

  /** Looks who has fallen silent. */
  look(nowMs = performance.now()): void {
    this.#isFull = false;
    for (const kept of this.#pairs.values()) {
      const { presence } = kept.shown;
      const isSilent = nowMs - kept.heardMs > STALE_AFTER_MS;
      if (presence === "online" && isSilent) this.#show(kept, { ...kept.shown, presence: "stale" });
    }
  }

  #takeStatus(
    { machine, pair }: { readonly machine: string; readonly pair: string },
    payload: Uint8Array,
    isRetained: boolean,
    nowMs: number,
  ): void {
    const name = `${machine}/${pair}`;
    if (payload.length === 0) {
      this.#remove(name);
      return;
    }
    const reading = readStatus(payload);
    if (reading.is === "rubbish") {
      this.#counts.rubbish++;
      return;
    }
    const before = this.#pairs.get(name);
    const kept = before ?? this.#room(name);
    if (kept === undefined) return;
    kept.heardMs = nowMs;
    kept.isLive ||= !isRetained;
    const heardAt = isRetained ? (before?.shown.heardAt ?? null) : new Date().toISOString();
    const heard = { name, machine, pair, heardAt };
    if (reading.is === "other version") {
      this.#counts.otherVersion++;
      const { version } = reading;
      this.#show(kept, { ...heard, presence: "other version", version, status: null, gone: null });
    } else if (reading.read.online) {
      const status = reading.read;
      this.#show(kept, { ...heard, presence: "online", version: status.v, status, gone: null });
    } else {
      const { v: version, why: gone } = reading.read;
      const status = before?.shown.status ?? null;
      this.#show(kept, { ...heard, presence: "offline", version, status, gone });
    }
  }

  #takeEvent(name: string, payload: Uint8Array, isRetained: boolean): void {
    const reading = readEvent(payload);
    if (reading.is === "other version") this.#counts.otherVersion++;
    // Nobody who keeps to the protocol has an event retained: it would come anew with every connection.
    else if (reading.is === "rubbish" || isRetained) this.#counts.rubbish++;
    else {
      const { startedAt, number } = reading.read;
      const kept = this.#pairs.get(name);
      if (kept === undefined) {
        this.#counts.noRoom++;
        return;
      }
      if (kept.lastEvent?.startedAt === startedAt && number <= kept.lastEvent.number) {
        this.#counts.again++;
        return;
      }
      kept.lastEvent = { startedAt, number };
      this.#events.push({ event: { name, ...reading.read }, revision: ++this.#revision });
      if (this.#events.length > MOST_EVENTS) this.#events.shift();
    }
  }

  /** What is kept of a pair from now on, where there is room for it. */
  #room(name: string): Kept | undefined {
    if (this.#pairs.size >= MOST_PAIRS) {
      const longest = this.#isFull ? undefined : this.#longestAbsent();
      this.#isFull = longest === undefined;
      if (longest === undefined) {
        this.#counts.noRoom++;
        return undefined;
      }
      this.#remove(longest);
    }
    const kept = { revision: 0, isLive: false, lastEvent: undefined, heardMs: 0 } as Omit<Kept, "shown">;
    this.#pairs.set(name, kept as Kept);
    this.#removed.delete(name);
    return kept as Kept;
  }

  /** Of those that are not online, the one that was heard of longest ago. */
  #longestAbsent(): string | undefined {
    let found: Kept | undefined;
    for (const kept of this.#pairs.values()) {
      const isAbsent = kept.shown.presence !== "online";
      if (isAbsent && (found === undefined || kept.heardMs < found.heardMs)) found = kept;
    }
    return found?.shown.name;
  }

  #remove(name: string): void {
    if (!this.#pairs.delete(name)) return;
    this.#removed.set(name, ++this.#revision);
    if (this.#removed.size > MOST_PAIRS) this.#removed.delete(this.#removed.keys().next().value!);
  }

  /** What is the same but for the time at which it was said is no change. */
  #show(kept: Kept, shown: FleetPair): void {
    const isSame = kept.shown !== undefined && Bun.deepEquals(timeless(kept.shown), timeless(shown));
    kept.shown = shown;
    if (!isSame) kept.revision = ++this.#revision;
  }
}

function timeless({ heardAt: _, status, ...pair }: FleetPair): object {
  return { ...pair, status: status && { ...status, time: "" } };
}

function byName(a: FleetPair, b: FleetPair): number {
  return a.name < b.name ? -1 : 1;
}
