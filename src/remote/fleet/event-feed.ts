/**
 * The events of a pair's service, published one after another. What is kept is the service's history, and what the broker
 * has taken is a number in it: so none is lost while the connection is away, as long as the service keeps it.
 */
import { eventsOf } from "../../api/client.ts";
import type { Status } from "../../api/protocol.ts";
import { short } from "./own-status.ts";
import { FLEET_VERSION, type FleetEvent } from "./protocol.ts";

/** When this begins to speak for a service, it publishes so many of its last events again: it does not know which were. */
const MOST_AT_FIRST = 50;

/** What became of one that was published. */
export type Taken =
  /** The broker has it, … */
  | "taken"
  /** … or will never take it. */
  | "refused"
  /** The connection was lost before it said so. */
  | "lost";

/** Publishes what happens. */
export class EventFeed {
  readonly #sockets: readonly string[];
  readonly #publish: (event: FleetEvent) => Promise<Taken>;
  /** The last event that need not be published any more. */
  #done: { startedAt: string; number: number } | undefined;
  /** The newest that is there to be published, as far as the status shows it. */
  #newest = "";
  #pumped = "";
  #isPumping = false;

  constructor(sockets: readonly string[], publish: (event: FleetEvent) => Promise<Taken>) {
    this.#sockets = sockets;
    this.#publish = publish;
  }

  /** Looks whether something has happened, by what the service says of itself. */
  look({ startedAt, events }: Pick<Status, "startedAt" | "events">): void {
    this.#newest = JSON.stringify([startedAt, events.at(-1), events.length]);
    if (this.#newest !== this.#pumped) this.pump(startedAt);
  }

  /** Publishes all that was not; does nothing while it is at it. Never throws. */
  pump(startedAt: string): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    void this.#pumpAll(startedAt)
      .catch(() => {}) // the service has ended: its next status leads here again
      .finally(() => {
        this.#isPumping = false;
      });
  }

  async #pumpAll(startedAt: string): Promise<void> {
    const newest = this.#newest;
    const isFirst = this.#done === undefined;
    if (this.#done?.startedAt !== startedAt) this.#done = { startedAt, number: 0 };
    const events = await eventsOf(this.#sockets, this.#done.number);
    for (const event of isFirst ? events.slice(-MOST_AT_FIRST) : events) {
      const message = short(event.message);
      const taken = await this.#publish({ v: FLEET_VERSION, startedAt, ...event, message });
      if (taken === "lost") return;
      this.#done = { startedAt, number: event.number };
    }
    this.#pumped = newest;
  }
}
