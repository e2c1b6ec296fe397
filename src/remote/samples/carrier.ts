/** What is between a running service and the broker: the local link, the mouth, the ear, and what the service is told of both. */
import type { PairNetwork, UnsentTrouble } from "../../api/protocol.ts";
import { type BrokerTrouble, classOfBrokerTrouble, sayBrokerTrouble } from "../../messages/broker.ts";
import type { NetworkPair } from "../pair.ts";
import { Ear } from "./ear.ts";
import { type LocalLink, openLocalLink } from "./local-link.ts";
import { Mouth } from "./mouth.ts";
import { Teller } from "./teller.ts";

const LINK_AGAIN_MS = 500;
/** What is over sooner is not told. */
const UNSENT_AFTER_MS = 2_000;

/** Carries for one service at a time. */
export class Carrier {
  readonly #pair: NetworkPair;
  readonly #mouth: Mouth;
  #path: string | undefined;
  #teller: Teller | undefined;
  #link: LocalLink | undefined;
  #linkTimer: NodeJS.Timeout | undefined;
  #ear: Ear | undefined;
  #wanted = "";
  #unsentSinceMs = Number.POSITIVE_INFINITY;
  #unsent: UnsentTrouble | undefined;

  constructor(pair: NetworkPair) {
    this.#pair = pair;
    this.#mouth = new Mouth({
      pair,
      connected: () => this.#sent(),
      troubled: (trouble) => this.#missed(trouble),
    });
  }

  /** Serves the service at a path, with what it wants and has to give. */
  serve(path: string, network: PairNetwork): void {
    if (this.#path === undefined) {
      this.#path = path;
      this.#teller = new Teller(path, (error) => this.#pair.say("warning", this.#pair.explain(error)));
      this.#unsent = undefined;
      void this.#openLink(path);
    }
    this.#mouth.lead(network.leader);
    void this.#want(network);
  }

  /** Its service has ended. */
  async rest(): Promise<void> {
    this.#path = undefined;
    this.#teller?.end();
    clearTimeout(this.#linkTimer);
    this.#link?.close();
    this.#link = undefined;
    this.#mouth.lead(null);
    await this.#want({ wanted: null, holdAfterMs: 0, leader: null });
  }

  async end(): Promise<void> {
    await this.rest();
    await this.#mouth.end();
  }

  async #openLink(path: string): Promise<void> {
    const again = () => {
      this.#link = undefined;
      if (this.#path === path) this.#linkTimer = setTimeout(() => void this.#openLink(path), LINK_AGAIN_MS);
    };
    try {
      const link = await openLocalLink(path, (sample) => this.#mouth.take(sample), again);
      if (this.#path === path) this.#link = link;
      else link.close();
    } catch {
      again();
    }
  }

  async #want({ wanted, holdAfterMs }: PairNetwork): Promise<void> {
    const key = wanted === null ? "" : `${wanted} ${holdAfterMs}`;
    if (key === this.#wanted) return;
    this.#wanted = key;
    const before = this.#ear;
    const teller = this.#teller;
    this.#ear =
      wanted === null
        ? undefined
        : new Ear({
            ...{ pair: this.#pair, leader: wanted, holdAfterMs },
            forward: (sample) => this.#link?.send(sample),
            tell: (heard) => teller?.tell({ do: "heard", leader: wanted, ...heard }),
          });
    await before?.end();
  }

  #sent(): void {
    this.#unsentSinceMs = Number.POSITIVE_INFINITY;
    this.#tellUnsent(undefined);
  }

  #missed(trouble: BrokerTrouble): void {
    const nowMs = performance.now();
    this.#unsentSinceMs = Math.min(this.#unsentSinceMs, nowMs);
    if (trouble.kind !== "topic denied" && nowMs - this.#unsentSinceMs < UNSENT_AFTER_MS) return;
    const broker = this.#pair.access.url.slice(0, 200);
    this.#tellUnsent({ why: classOfBrokerTrouble(trouble), broker, fact: sayBrokerTrouble(trouble) });
  }

  #tellUnsent(trouble: UnsentTrouble | undefined): void {
    if (JSON.stringify(trouble) === JSON.stringify(this.#unsent)) return;
    this.#unsent = trouble;
    this.#teller?.tell({ do: "unsent", ...(trouble !== undefined && { trouble }) });
  }
}
