/** What is known of a pair, for as many pages as are open: asked of its service once, and only while one is. */
import { askService, sampleService, watchService } from "../../api/client.ts";
import type { ApiSample, Status } from "../../api/protocol.ts";
import { JOINTS, type Role } from "../../arm/joints.ts";
import { steps, stepsToDegrees } from "../../feetech/units.ts";
import type { Audience } from "../../messages/audience.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { pause } from "../../workflows/pause.ts";
import type { PageMessage } from "../messages.ts";

/** The status changes seldom, and carries the figures that people read. */
const STATUS_EVERY_MS = 200;
/** As often as a screen of a phone is worth it. */
const SAMPLE_EVERY_MS = 33;
/** A service that is gone is looked for so often. */
const RETRY_EVERY_MS = 1_000;

/** Called with each message about the pair. */
export type Listener = (message: PageMessage) => void;

/** The pair's figures, as they come. */
export class PairFeed {
  readonly pair: string;
  readonly #sockets: readonly string[];
  readonly #audience: Audience;
  readonly #listeners = new Set<Listener>();
  #asking: AbortController | undefined;
  #newest: PageMessage | undefined;
  #status: Status | undefined;

  constructor(pair: string, sockets: readonly string[], audience: Audience) {
    this.pair = pair;
    this.#sockets = sockets;
    this.#audience = audience;
  }

  /** The newest status; undefined while the service is not heard, or nobody listens. */
  get status(): Status | undefined {
    return this.#status;
  }

  /** The status as it is now; undefined where the service does not answer. Never rejects. */
  ask(): Promise<Status | undefined> {
    return askService(this.#sockets, { do: "status" }).catch(() => undefined);
  }

  /** Hands every message to `listener` from now on, what is known first. Returns what ends that. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#newest) listener(this.#newest);
    if (this.#asking === undefined) this.#begin();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#end();
    };
  }

  #begin(): void {
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    void this.#again(signal, async () => {
      for await (const status of watchService(this.#sockets, STATUS_EVERY_MS, signal)) this.#hear(status);
    });
    void this.#again(signal, async () => {
      for await (const sample of sampleService(this.#sockets, SAMPLE_EVERY_MS, signal)) this.#show(sample);
    });
  }

  #end(): void {
    this.#asking?.abort();
    this.#asking = undefined;
    this.#newest = undefined;
    this.#status = undefined;
  }

  /** Asks for as long as somebody listens, whatever becomes of the service meanwhile. */
  async #again(signal: AbortSignal, ask: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await ask();
      } catch (error) {
        if (signal.aborted) return;
        this.#miss(error);
      }
      await pause(RETRY_EVERY_MS, signal).catch(() => {});
    }
  }

  #hear(status: Status): void {
    this.#status = status;
    this.#newest = { kind: "status", pair: this.pair, status };
    this.#publish(this.#newest);
  }

  #show(sample: ApiSample): void {
    const stance = (role: Role) => sample[role].map((position, index) => this.#angle(role, index, position));
    this.#publish({
      kind: "sample",
      pair: this.pair,
      leader: stance("leader"),
      follower: stance("follower"),
    });
  }

  #miss(error: unknown): void {
    const why = messageOf(error, this.#audience);
    this.#status = undefined;
    this.#newest = { kind: "absent", pair: this.pair, why };
    this.#publish(this.#newest);
  }

  #publish(message: PageMessage): void {
    for (const listener of this.#listeners) listener(message);
  }

  /** Degrees from the middle of a joint's range; of the gripper how far it is open. Null while that is unknown. */
  #angle(role: Role, index: number, position: number | null | undefined): number | null {
    const joint = JOINTS[index]!;
    const range = this.#status?.arms[role].joints[joint].rangeSteps;
    if (position === null || position === undefined || !range) return null;
    const { min, max } = range;
    if (joint === "gripper") return Math.min(Math.max((position - min) / (max - min), 0), 1);
    return stepsToDegrees(steps(position - (min + max) / 2));
  }
}
