/** One of the mouth's two connections: whether what is said on it gets through. */
import type { BrokerTrouble } from "../../messages/broker.ts";
import type { BrokerConnection } from "../broker/connection.ts";
import { connectPart } from "../broker/of-pair.ts";
import type { NetworkPair } from "../pair.ts";

/** Two samples and their topics: more that waits is older than what comes next. */
const MOST_UNSENT_BYTES = 200;
/** An acknowledgement may be delayed by 40 ms where little is sent; and it takes its way. */
const LEAST_STALL_MS = 80;
const STALL_ROUND_TRIPS = 3;
/** Where nothing is acknowledged for so long, a new connection is quicker than the old one's next attempt. */
const STUCK_AFTER_MS = 500;

/** Who hears of a lane. */
export interface LaneOptions {
  connected(lane: Lane): void;
  heard(payload: Uint8Array): void;
  troubled(trouble: BrokerTrouble): void;
}

/** A connection on which samples go out. */
export class Lane {
  readonly connection: BrokerConnection;
  #acknowledged = -1;
  #progressMs = 0;
  #isStalled = false;
  #isFull = false;

  constructor(pair: NetworkPair, { connected, heard, troubled }: LaneOptions) {
    this.connection = connectPart(pair, "mouth", {
      connected: () => {
        this.#acknowledged = -1;
        connected(this);
      },
      heard: ({ payload }) => heard(payload),
      troubled,
    });
  }

  /** Whether there is room for a sample. What follows on what was lost tells the other side of the loss. */
  get isFree(): boolean {
    return this.connection.isConnected && !this.#isFull;
  }

  /** Whether what was said has not got through for longer than it should take. */
  get isStalled(): boolean {
    return !this.connection.isConnected || this.#isStalled;
  }

  /** Looks how far what was said has come; gives the connection up where it has stuck. */
  look(nowMs: number): void {
    const progress = this.connection.isConnected ? this.connection.progress : undefined;
    if (progress === undefined) return;
    const { unsentBytes, isAcknowledged, acknowledgedBytes, roundTripMs } = progress;
    if (isAcknowledged || acknowledgedBytes !== this.#acknowledged) {
      this.#acknowledged = acknowledgedBytes;
      this.#progressMs = nowMs;
    }
    const waitedMs = nowMs - this.#progressMs;
    this.#isStalled = waitedMs > Math.max(LEAST_STALL_MS, STALL_ROUND_TRIPS * roundTripMs);
    this.#isFull = unsentBytes > MOST_UNSENT_BYTES;
    if (waitedMs > STUCK_AFTER_MS) this.connection.abandon();
  }
}
