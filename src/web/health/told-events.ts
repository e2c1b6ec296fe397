/** What a pair's service has told since it started, for as many pages as ask: only what is new is fetched. */
import { eventsOf } from "../../api/client.ts";
import type { NumberedEvent } from "../../api/protocol.ts";

/** As many as a service keeps. */
const MOST = 500;

/** The events of a pair. */
export class ToldEvents {
  readonly #sockets: readonly string[];
  #known: readonly NumberedEvent[] = [];

  constructor(sockets: readonly string[]) {
    this.#sockets = sockets;
  }

  /** All that the service keeps, the oldest first. Rejects as {@link eventsOf}. */
  async ask(): Promise<readonly NumberedEvent[]> {
    const last = this.#known.at(-1);
    if (last === undefined) this.#known = await eventsOf(this.#sockets);
    else {
      const [same, ...further] = await eventsOf(this.#sockets, last.number - 1);
      const goesOn = same?.number === last.number && same.time === last.time;
      // A service that was started again counts from 1 again.
      this.#known = goesOn ? [...this.#known, ...further].slice(-MOST) : await eventsOf(this.#sockets);
    }
    return this.#known;
  }
}
