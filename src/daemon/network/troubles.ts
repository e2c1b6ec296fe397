/** What is wrong with the network, as a pair tells it: what goes out and does not, and who is there twice. */
import type { UnsentTrouble } from "../../api/protocol.ts";
import { systemClock } from "../../linux/clock.ts";
import { Alarms } from "../../teleop/monitoring/alarms.ts";
import type { EventSink } from "../../teleop/reporting/events.ts";

/** A client that is started with the service, or anew, has so long to connect. */
const CLIENT_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 1_000;
/** A second machine that has not been heard for so long has gone. */
const TWICE_FOR_MS = 30_000;

const UNSENT = "network.unsent";
const TWICE = "leader.twice";

/** Tells it. */
export class NetworkTroubles {
  readonly #alarms: Alarms;
  readonly #hasClient: () => boolean;
  #seenMs = performance.now();
  #twiceMs = Number.NEGATIVE_INFINITY;

  /** `hasClient` says whether the network's client is connected. */
  constructor(sink: EventSink, hasClient: () => boolean) {
    this.#alarms = new Alarms(sink, systemClock);
    this.#hasClient = hasClient;
  }

  /** Looks again and again until `stop` is called. `isSent` says whether this pair's leader is to be sent. */
  start(isSent: boolean): { stop(): void } {
    const timer = setInterval(() => this.#look(isSent), LOOK_EVERY_MS);
    return { stop: () => clearInterval(timer) };
  }

  /** What keeps the client from sending; nothing once it sends. */
  unsent(trouble: UnsentTrouble | undefined): void {
    this.#alarms.clear(UNSENT);
    if (trouble !== undefined) this.#alarms.raise(UNSENT, "warning", { code: UNSENT, trouble });
  }

  /** Samples have come under a leader's name that another machine sends. */
  twice(leader: string): void {
    this.#twiceMs = performance.now();
    this.#alarms.raise(TWICE, "warning", { code: TWICE, arm: { role: "leader", id: leader } });
  }

  #look(isSent: boolean): void {
    const nowMs = performance.now();
    if (nowMs - this.#twiceMs > TWICE_FOR_MS) this.#alarms.clear(TWICE);
    if (this.#hasClient()) this.#seenMs = nowMs;
    if (!isSent || nowMs - this.#seenMs < CLIENT_WITHIN_MS) return;
    this.#alarms.raise(UNSENT, "warning", { code: UNSENT, trouble: { why: "no client" } });
  }
}
