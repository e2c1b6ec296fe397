/**
 * The mouth: publishes what a pair's own leader does, newest wins. What cannot leave at once is not kept for later: of it the
 * newest sample alone is sent, when there is room again.
 */
import type { LeaderArm } from "../../api/protocol.ts";
import type { BrokerTrouble } from "../../messages/broker.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../../teleop/remote/sample.ts";
import type { NetworkPair } from "../pair.ts";
import { topicOf } from "../topics.ts";
import { formatArm, parseArm } from "./arm.ts";
import { Lane } from "./lane.ts";

/** While there is no room it is looked again so often. */
const LOOK_EVERY_MS = 5;
/** Another machine has published a leader under our name: ours is published again after so long, lest both do nothing else. */
const SAID_AGAIN_AFTER_MS = 5_000;

/** What the mouth tells. */
export interface MouthOptions {
  readonly pair: NetworkPair;
  /** Samples go out. */
  connected(): void;
  /** Why they do not: each time. */
  troubled(trouble: BrokerTrouble): void;
}

/** Publishes samples, once there is a leader. */
export class Mouth {
  readonly #options: MouthOptions;
  readonly #topics: { readonly samples: string; readonly arm: string };
  readonly #newest = Buffer.alloc(SAMPLE_BYTES);
  readonly #view = new SampleView(this.#newest);
  /** Two, so that where one waits for what was lost, the next sample goes the other way. The one in use is the first. */
  #lanes: Lane[] = [];
  #arm: LeaderArm | undefined;
  #epoch = { low: 0, high: 0 };
  #hasWaiting = false;
  #timer: NodeJS.Timeout | undefined;
  #againTimer: NodeJS.Timeout | undefined;
  #dropped = 0;

  constructor(options: MouthOptions) {
    this.#options = options;
    const { name } = options.pair;
    this.#topics = { samples: topicOf(name, "samples"), arm: topicOf(name, "arm") };
  }

  /** Samples that were not sent, because a newer one came first, or there was no connection. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Says what others must know of the leader, before its first sample; null when there is none, or not any more. */
  lead(arm: LeaderArm | null): void {
    if (arm?.epoch === this.#arm?.epoch && JSON.stringify(arm) === JSON.stringify(this.#arm ?? null)) return;
    this.#arm = arm ?? undefined;
    if (arm !== null) {
      this.#epoch = epochHalves(arm.epoch);
      if (this.#lanes.length === 0) this.#lanes = [this.#open(), this.#open()];
    }
    this.#hasWaiting = false;
    this.#sayArm();
  }

  /** Publishes a sample of the leader, or the next one in its place. */
  take(sample: Uint8Array): void {
    if (this.#hasWaiting) this.#dropped++;
    this.#newest.set(sample);
    this.#hasWaiting = true;
    this.#flush();
  }

  /** Clears what is retained of the leader, and ends. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#againTimer);
    const lanes = this.#lanes;
    this.#lanes = [];
    const last = this.#arm === undefined ? [] : [{ topic: this.#topics.arm, payload: "" }];
    this.#arm = undefined;
    await Promise.all(lanes.map(({ connection }) => connection.end(last)));
  }

  #open(): Lane {
    const { pair, connected, troubled } = this.#options;
    return new Lane(pair, {
      connected: (lane) => {
        this.#sayArmOn(lane);
        lane.connection.subscribe({ [this.#topics.arm]: 1 });
        connected();
      },
      heard: (payload) => this.#hearArm(payload),
      troubled: (trouble) => {
        const isOut = this.#lanes.every(({ connection }) => !connection.isConnected);
        if (isOut || trouble.kind === "topic denied") troubled(trouble);
      },
    });
  }

  #sayArm(): void {
    for (const lane of this.#lanes) this.#sayArmOn(lane);
  }

  #sayArmOn({ connection }: Lane): void {
    const payload = this.#arm === undefined ? "" : formatArm(this.#arm);
    connection.publish(this.#topics.arm, payload, { qos: 1, retain: true });
  }

  /** What is published under our own name is ours, or that of another machine of this name. */
  #hearArm(payload: Uint8Array): void {
    const found = parseArm(payload);
    const arm = this.#arm;
    if (arm === undefined || (found.is === "arm" && found.arm.epoch === arm.epoch)) return;
    this.#againTimer ??= setTimeout(() => {
      this.#againTimer = undefined;
      this.#sayArm();
    }, SAID_AGAIN_AFTER_MS);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const lane of this.#lanes) lane.look(nowMs);
    const isOut = this.#lanes.every(({ connection }) => !connection.isConnected);
    if (this.#arm === undefined || isOut || !this.#view.isOfEpoch(this.#epoch.low, this.#epoch.high)) {
      if (this.#hasWaiting) this.#dropped++;
      this.#hasWaiting = false;
      return;
    }
    if (this.#lanes[0]!.isStalled && !this.#lanes[1]!.isStalled) this.#lanes.reverse();
    const [lane] = this.#lanes;
    if (this.#hasWaiting && lane!.isFree) {
      // A copy: what is written may lie in a queue while the next sample comes.
      lane!.connection.publish(this.#topics.samples, Buffer.from(this.#newest));
      this.#hasWaiting = false;
    }
    if (this.#hasWaiting) this.#timer = setTimeout(() => this.#flush(), LOOK_EVERY_MS);
  }
}
