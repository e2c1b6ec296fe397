/** What is known of a pair, asked of its service once for all who want it: its status, and samples while a page is open. */
import { askService, sampleService, watchService } from "../../api/client.ts";
import type { ApiSample, Status } from "../../api/protocol.ts";
import { JOINTS, type Role } from "../../arm/joints.ts";
import type { Audience } from "../../messages/audience.ts";
import { pause } from "../../workflows/pause.ts";
import type { PageMessage } from "../messages.ts";
import { absenceOf } from "./absence.ts";
import { standOf } from "./stand.ts";

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
  readonly #followers = new Set<Listener>();
  #watching: AbortController | undefined;
  #sampling: AbortController | undefined;
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
    const end = this.follow(listener);
    this.#listeners.add(listener);
    this.#sampling ??= this.#ask(async (signal) => {
      for await (const sample of sampleService(this.#sockets, SAMPLE_EVERY_MS, signal)) this.#show(sample);
    });
    return () => {
      end();
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#sampling?.abort();
      this.#sampling = undefined;
    };
  }

  /** Hands what the service says of itself, or why it says nothing, to `listener`, and no samples. As {@link listen}. */
  follow(listener: Listener): () => void {
    this.#followers.add(listener);
    if (this.#newest) listener(this.#newest);
    this.#watching ??= this.#ask(async (signal) => {
      for await (const status of watchService(this.#sockets, STATUS_EVERY_MS, signal)) this.#hear(status);
    });
    return () => {
      this.#followers.delete(listener);
      if (this.#followers.size > 0) return;
      this.#watching?.abort();
      this.#watching = undefined;
      this.#newest = undefined;
      this.#status = undefined;
    };
  }

  #ask(ask: (signal: AbortSignal) => Promise<void>): AbortController {
    const asking = new AbortController();
    void this.#again(asking.signal, () => ask(asking.signal));
    return asking;
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
    publish(this.#newest, this.#followers);
  }

  #show(sample: ApiSample): void {
    const stance = (role: Role) => sample[role].map((position, index) => this.#angle(role, index, position));
    const leader = stance("leader");
    const follower = stance("follower");
    const { timeUs } = sample;
    publish({ kind: "sample", pair: this.pair, timeUs, leader, follower }, this.#listeners);
  }

  #miss(error: unknown): void {
    this.#status = undefined;
    this.#newest = { kind: "absent", pair: this.pair, ...absenceOf(error, this.#audience) };
    publish(this.#newest, this.#followers);
  }

  /** Degrees from the middle of a joint's range; of the gripper how far it is open. Null while that is unknown. */
  #angle(role: Role, index: number, position: number | null | undefined): number | null {
    const joint = JOINTS[index]!;
    const range = this.#status?.arms[role].joints[joint].rangeSteps;
    if (position === null || position === undefined || !range) return null;
    const stand = standOf(joint, position, range);
    return joint === "gripper" ? Math.min(Math.max(stand, 0), 1) : stand;
  }
}

function publish(message: PageMessage, listeners: ReadonlySet<Listener>): void {
  for (const listener of listeners) listener(message);
}
