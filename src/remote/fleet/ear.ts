/** Hears at a broker how every pair of every machine is: a connection, and what is known by it. */
import type { BrokerTrouble } from "../../messages/broker.ts";
import type { BrokerAccess } from "../broker/access.ts";
import { BrokerConnection, clientIdFor } from "../broker/connection.ts";
import { EVERY_EVENT, EVERY_STATUS } from "./topics.ts";
import { FleetWatch } from "./watch.ts";

/** Those that fall silent are looked for so often. */
const LOOK_EVERY_MS = 500;

/** An ear for the whole fleet, until it is closed. */
export class FleetEar {
  readonly watch = new FleetWatch();
  readonly #connection: BrokerConnection;
  readonly #timer: NodeJS.Timeout;
  #trouble: BrokerTrouble | undefined;
  #connectedMs: number | undefined;

  /**
   * Connects, and does so again whenever that is lost. `machine` is this one's name; `changed` is called whenever
   * something may have changed: what is known, or how the broker is reached.
   */
  constructor(access: BrokerAccess, machine: string, changed: () => void = () => {}) {
    this.#connection = new BrokerConnection({
      access,
      clientId: clientIdFor(machine, "fleet", "ear"),
      connected: () => {
        this.#trouble = undefined;
        this.#connectedMs = performance.now();
        // Each says it again within a second: a status that is lost need not be sent again.
        this.#connection.subscribe({ [EVERY_STATUS]: 0 });
        this.#connection.subscribe({ [EVERY_EVENT]: 1 });
        changed();
      },
      heard: ({ topic, payload, isRetained }) => {
        this.watch.take(topic, payload, isRetained);
        changed();
      },
      troubled: (trouble) => {
        this.#trouble = trouble;
        if (!this.#connection.isConnected) this.#connectedMs = undefined;
        changed();
      },
    });
    this.#timer = setInterval(() => {
      this.watch.look();
      changed();
    }, LOOK_EVERY_MS);
  }

  /** Why nothing is heard, or not all; undefined where nothing is wrong. */
  get trouble(): BrokerTrouble | undefined {
    return this.#trouble;
  }

  /** For how long the broker has been listened to, ms; undefined while it is not. */
  get heardForMs(): number | undefined {
    return this.#connectedMs === undefined ? undefined : performance.now() - this.#connectedMs;
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#connection.end();
  }
}
