/** What root's helper changes for others: one thing after the other, each to its end, and told in words. */
import { HELPER_VERSION, type HelperReply, type HelperRequest } from "../../helper/protocol.ts";
import { RULES_UNIT } from "../../host/package-files.ts";
import { startUnit } from "../../host/service.ts";
import { enablePairHere } from "../../root/enable-pair.ts";
import { nameBoardsHere } from "../../root/name-boards.ts";
import { setKeysHere } from "../../root/set-keys.ts";
import type { KeyValues, Naming, NamingOrder } from "../../root/work.ts";

/** What changes something. Each rejects with an Error that says why it was not done. */
export interface Work {
  nameBoards(order: NamingOrder): Promise<Naming>;
  /** False where the file says so already. */
  setKeys(pair: string, keys: KeyValues, seen: string | undefined): Promise<boolean>;
  enablePair(pair: string): Promise<void>;
}

/** The machine's. The helper may write to no device: systemd has udev look at the ports again. */
export const rootWork: Work = {
  nameBoards: (order) => nameBoardsHere(order, { apply: () => startUnit(RULES_UNIT) }),
  setKeys: setKeysHere,
  enablePair: enablePairHere,
};

type Change = Exclude<HelperRequest, { ask: "who has" }>;

/** More wait for nothing: a page has a person, and there are few. */
const MOST_WAITING = 8;

/** A change that was asked for. */
export interface AskedChange {
  /** What came of it; undefined until it is over. */
  readonly reply: HelperReply | undefined;
}

/** Does changes in the order in which they were asked for, each on what the one before has left. */
export class ChangeQueue {
  readonly #work: Work;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #doneMs = Number.NEGATIVE_INFINITY;

  constructor(work: Work) {
    this.#work = work;
  }

  /** When the last one was over, ms of performance.now(); now while one is not. */
  get doneMs(): number {
    return this.#waiting > 0 ? performance.now() : this.#doneMs;
  }

  /** Takes a change; undefined when too many wait. */
  add(change: Change): AskedChange | undefined {
    if (this.#waiting >= MOST_WAITING) return undefined;
    this.#waiting++;
    const asked: { reply: HelperReply | undefined } = { reply: undefined };
    this.#last = this.#last.then(async () => {
      asked.reply = await this.#do(change).catch((error: unknown) =>
        failure(error instanceof Error ? error.message : String(error)),
      );
      this.#waiting--;
      this.#doneMs = performance.now();
    });
    return asked;
  }

  async #do(change: Change): Promise<HelperReply> {
    const done = { v: HELPER_VERSION, ok: true } as const;
    switch (change.ask) {
      case "name boards":
        return { ...done, ...(await this.#work.nameBoards(change)) };
      case "set":
        return { ...done, isChanged: await this.#work.setKeys(change.pair, change.keys, change.seen) };
      case "enable":
        await this.#work.enablePair(change.pair);
        return done;
    }
  }
}

/** Why something is refused, or could not be done; what a person reads is not longer. */
export function failure(error: string): HelperReply {
  return { v: HELPER_VERSION, ok: false, error: error.slice(0, LONGEST_REASON) };
}

const LONGEST_REASON = 4_096;
