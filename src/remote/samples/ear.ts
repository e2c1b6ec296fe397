/**
 * The ear: hears the leader of another machine, and hands on the newest of what it says. A silent connection is given up
 * early: where a packet was lost for good, a new one is quicker.
 */
import type { HeardOfLeader, LeaderArm } from "../../api/protocol.ts";
import { type BrokerTrouble, classOfBrokerTrouble, sayBrokerTrouble } from "../../messages/broker.ts";
import { SAMPLE_BYTES, SampleView } from "../../teleop/remote/sample.ts";
import type { PairState } from "../../teleop/state/states.ts";
import type { BrokerConnection, Message } from "../broker/connection.ts";
import { connectPart } from "../broker/of-pair.ts";
import type { NetworkPair } from "../pair.ts";
import { topicOf } from "../topics.ts";
import { parseArm } from "./arm.ts";
import { Epochs } from "./epochs.ts";

/** A leader that should be heard and is not: the connection is made anew after so long, then each time after a second. */
const SILENT_MS = 500;
const SILENT_AGAIN_MS = 1_000;
/** What is retained is there at once; what takes longer than this is not there. */
const SETTLED_MS = 1_000;
const LOOK_EVERY_MS = 100;
/** A pair in one of these states reads no leader: that nothing comes of it means nothing. */
const IDLE: readonly string[] = ["waiting", "connecting", "faulted", "stopped"] satisfies PairState[];
/** In this one, too; it is over in a moment, or a pause. Of its leader all is known. */
const HELD: string = "holding" satisfies PairState;
/** A machine that is there says each second how its pairs are. */
const STATUS_SILENT_MS = 3_000;
/** Calibrations of so many epochs are kept: two machines of one name, and then some. */
const MOST_ARMS = 4;
/** That a leader's description cannot be used is said no more often, however often there is another one. */
const UNFIT_SAID_EVERY_MS = 60_000;
/** How many samples of others came is told no more often. */
const OTHERS_TOLD_EVERY_MS = 1_000;

/** Whom the ear hears, and who hears of it. */
export interface EarOptions {
  readonly pair: NetworkPair;
  /** `desk/main` */
  readonly leader: string;
  readonly holdAfterMs: number;
  /** Hands on a sample, which is to be copied. */
  forward(sample: Uint8Array): void;
  /** What is known of the leader now, at each change. */
  tell(heard: HeardOfLeader): void;
}

/** Hears one leader. */
export class Ear {
  readonly #options: EarOptions;
  readonly #epochs: Epochs;
  readonly #topics: { readonly samples: string; readonly arm: string; readonly status: string };
  readonly #connection: BrokerConnection;
  readonly #timer: NodeJS.Timeout;
  /** The newest sample that came, to be judged; and the newest that is to be handed on. */
  readonly #incoming = new Uint8Array(SAMPLE_BYTES + 1);
  readonly #view = new SampleView(this.#incoming);
  readonly #next = new Uint8Array(SAMPLE_BYTES);
  #isForwarding = false;
  readonly #arms = new Map<string, LeaderArm>();
  /** Whether the leader has said what must be known of it, and has not gone since. */
  #isThere = false;
  #isUnfit = false;
  #unfitSaidMs = Number.NEGATIVE_INFINITY;
  #isOnline: boolean | undefined;
  /** Whether the leader's pair says of itself that it reads no leader; and when it said how it is. */
  #isIdle = false;
  #isHeld = false;
  #statusMs = Number.POSITIVE_INFINITY;
  #otherVersion: number | undefined;
  #trouble: BrokerTrouble | undefined;
  /** When this connection was made, or when it was given up as silent last; when it was lost. */
  #connectedMs = Number.POSITIVE_INFINITY;
  #lostMs = performance.now();
  #silences = 0;
  #unknownMs = Number.NEGATIVE_INFINITY;
  #told = "";
  #others = 0;
  #othersToldMs = Number.NEGATIVE_INFINITY;
  #coalesced = 0;

  constructor(options: EarOptions) {
    this.#options = options;
    const { pair, leader, holdAfterMs } = options;
    this.#epochs = new Epochs(holdAfterMs);
    this.#topics = {
      samples: topicOf(leader, "samples"),
      arm: topicOf(leader, "arm"),
      status: topicOf(leader, "status"),
    };
    this.#connection = connectPart(pair, "ear", {
      connected: () => this.#begin(),
      heard: (message) => this.#hear(message),
      troubled: (trouble) => this.#miss(trouble),
    });
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Samples that were not handed on, because a newer one had come with them. */
  get coalesced(): number {
    return this.#coalesced;
  }

  /** Ends it. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#connection.end();
  }

  #begin(): void {
    this.#connectedMs = performance.now();
    this.#trouble = undefined;
    this.#isOnline = undefined;
    // What is retained comes at once.
    this.#isThere = false;
    this.#isUnfit = false;
    this.#otherVersion = undefined;
    this.#isIdle = false;
    this.#isHeld = false;
    this.#statusMs = Number.POSITIVE_INFINITY;
    const { samples, arm, status } = this.#topics;
    this.#connection.subscribe({ [arm]: 1, [status]: 1, [samples]: 0 });
  }

  #miss(trouble: BrokerTrouble): void {
    // What a broker refuses of a connection that is there, it refuses until that is settled.
    if (!this.#connection.isConnected && this.#connectedMs !== Number.POSITIVE_INFINITY) {
      this.#connectedMs = Number.POSITIVE_INFINITY;
      this.#lostMs = performance.now();
    }
    this.#trouble = trouble;
  }

  #hear({ topic, payload, isRetained }: Message): void {
    if (topic === this.#topics.samples) {
      // Nobody's leader has its samples kept.
      if (!isRetained) this.#take(payload);
    } else if (topic === this.#topics.arm) this.#hearArm(payload);
    else if (topic === this.#topics.status) this.#hearStatus(payload);
  }

  #take(payload: Uint8Array): void {
    this.#incoming.set(payload.subarray(0, this.#incoming.length));
    const kind = this.#view.kindOf(payload.length);
    if (kind === "other version") this.#otherVersion = payload[0]!;
    if (kind !== "sample") return;
    const nowMs = performance.now();
    switch (
      this.#epochs.judge(this.#view.epoch, this.#view.sequence, nowMs, (epoch) => this.#arms.has(epoch))
    ) {
      case "newest":
        this.#silences = 0;
        this.#next.set(this.#incoming.subarray(0, SAMPLE_BYTES));
        if (this.#isForwarding) this.#coalesced++;
        else this.#forwardSoon();
        break;
      case "other":
        this.#others++;
        break;
      case "unknown":
        this.#unknownMs = nowMs;
        break;
    }
  }

  /** What came in one go comes in one turn of the event loop: of it the newest alone is handed on. */
  #forwardSoon(): void {
    this.#isForwarding = true;
    setImmediate(() => {
      this.#isForwarding = false;
      this.#options.forward(this.#next);
    });
  }

  #hearArm(payload: Uint8Array): void {
    const found = parseArm(payload);
    this.#isThere = found.is === "arm";
    this.#isUnfit = found.is === "unfit";
    if (found.is === "other version") this.#otherVersion = found.version;
    if (found.is === "unfit") this.#sayUnfit(found.why);
    if (found.is !== "arm") return;
    const { arm } = found;
    this.#otherVersion = undefined;
    this.#arms.delete(arm.epoch);
    this.#arms.set(arm.epoch, arm);
    for (const epoch of this.#arms.keys()) {
      if (this.#arms.size <= MOST_ARMS) break;
      if (epoch !== this.#epochs.followed) this.#arms.delete(epoch);
    }
    this.#look();
  }

  #sayUnfit(why: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#unfitSaidMs < UNFIT_SAID_EVERY_MS) return;
    this.#unfitSaidMs = nowMs;
    this.#options.pair.say(
      "warning",
      `${this.#options.leader} is no leader: what it says of its calibration cannot be used (${why})`,
    );
  }

  #hearStatus(payload: Uint8Array): void {
    let status: unknown;
    try {
      status = JSON.parse(new TextDecoder().decode(payload));
    } catch {
      return;
    }
    const { online, state } = Object(status) as { online?: unknown; state?: unknown };
    if (typeof online !== "boolean") return;
    this.#isOnline = online;
    this.#statusMs = performance.now();
    this.#isIdle = state === null || IDLE.includes(String(state));
    this.#isHeld = state === HELD;
  }

  #look(): void {
    const nowMs = performance.now();
    this.#tellOthers(nowMs);
    this.#leaveSilence(nowMs);
    const heard = this.#judge(nowMs);
    if (heard === undefined || JSON.stringify(heard) === this.#told) return;
    this.#told = JSON.stringify(heard);
    this.#options.tell(heard);
  }

  /** What is known of the leader; undefined while that is to be seen. */
  #judge(nowMs: number): HeardOfLeader | undefined {
    const followed = this.#arms.get(this.#epochs.followed ?? "");
    if (followed !== undefined && this.#epochs.isHeard(nowMs)) return { arm: followed };
    if (!this.#connection.isConnected)
      return nowMs - this.#lostMs < SETTLED_MS ? undefined : this.#brokerTrouble();
    const isSettled = nowMs - this.#connectedMs > SETTLED_MS;
    if (this.#trouble !== undefined && isSettled) return this.#brokerTrouble();
    if (nowMs - this.#unknownMs < SETTLED_MS)
      return isSettled ? { trouble: { why: "no calibration" } } : undefined;
    if (this.#isOnline !== false && this.#isThere && !this.#isIdle) {
      const newest = [...this.#arms.values()].at(-1);
      if (newest !== undefined) return { arm: newest };
    }
    if (!isSettled) return undefined;
    if (this.#otherVersion !== undefined)
      return { trouble: { why: "other version", version: this.#otherVersion } };
    if (this.#isUnfit) return { trouble: { why: "no calibration" } };
    return { trouble: { why: whyAway(this.#isOnline) } };
  }

  #brokerTrouble(): HeardOfLeader | undefined {
    const trouble = this.#trouble;
    if (trouble === undefined) return undefined;
    const { url } = this.#options.pair.access;
    return {
      trouble: {
        why: classOfBrokerTrouble(trouble),
        broker: url.slice(0, 200),
        fact: sayBrokerTrouble(trouble),
      },
    };
  }

  /** Whether the leader should be heard; or its machine, which says each second how it is. */
  #isExpected(nowMs: number): boolean {
    if (!this.#connection.isConnected || this.#isOnline === false) return false;
    const isQuiet = this.#isIdle || this.#isHeld;
    return isQuiet ? nowMs - this.#statusMs > STATUS_SILENT_MS : this.#isThere;
  }

  #leaveSilence(nowMs: number): void {
    if (!this.#isExpected(nowMs)) return;
    const sinceMs = Math.max(this.#epochs.newestMs, this.#unknownMs, this.#connectedMs);
    if (nowMs - sinceMs < (this.#silences === 0 ? SILENT_MS : SILENT_AGAIN_MS)) return;
    this.#silences++;
    this.#connection.abandon();
  }

  #tellOthers(nowMs: number): void {
    if (this.#others === 0 || nowMs - this.#othersToldMs < OTHERS_TOLD_EVERY_MS) return;
    this.#options.tell({ others: this.#others });
    this.#others = 0;
    this.#othersToldMs = nowMs;
  }
}

/** Of a leader that has said nothing of its calibration, by what its machine says of itself. */
function whyAway(isOnline: boolean | undefined): "unknown" | "offline" | "not ready" {
  if (isOnline === undefined) return "unknown";
  return isOnline ? "not ready" : "offline";
}
