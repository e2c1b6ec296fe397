/** Claiming a page: one attempt at a time on this machine, which pauses the pair and is shown on every page and as an event. */
import { askService } from "../../api/client.ts";
import type { Tellable } from "../../api/protocol.ts";
import { armsRead } from "../../arm/joints.ts";
import { isOnUsb } from "../../host/usb-ports.ts";
import type { Boards } from "../boards.ts";
import { Allowance } from "../http/allowance.ts";
import type { PageMessage } from "../messages.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import type { CountedPorts, Refusal, Show } from "./attempt.ts";
import { areNamed, unplugAndReplug } from "./board-claim.ts";
import type { Codes } from "./codes.ts";
import { watchLeader } from "./leader-claim.ts";
import { sayFailure } from "./words.ts";

/** What is there to claim a page by. */
export interface Claimable {
  readonly pairs: ReadonlyMap<string, ServedPair>;
  readonly boards: Boards;
  readonly codes: Codes;
  readonly counted: CountedPorts;
}

/** After so many failures … */
const MOST_FAILURES = 3;
/** … nobody may try for so long. */
const PENALTY_MS = 60_000;
/** A person mistypes, and looks again; in ten minutes an address has 55 tries of 5 · 10¹¹ … */
const TRIES_EACH = { burst: 5, perS: 1 / 12 };
/** … and all addresses together 650. */
const TRIES_IN_ALL = { burst: 50, perS: 1 };

/** Makes attempts. */
export class Claimer {
  readonly #claimable: Claimable;
  readonly #isCounted: (port: string) => boolean;
  readonly #show: (message: PageMessage) => void;
  readonly #triesEach = new Allowance(TRIES_EACH);
  readonly #triesInAll = new Allowance(TRIES_IN_ALL);
  #isBusy = false;
  #failures = 0;
  #closedUntilMs = Number.NEGATIVE_INFINITY;

  /** `show` tells every page how an attempt stands. */
  constructor(claimable: Claimable, show: (message: PageMessage) => void) {
    this.#claimable = claimable;
    this.#isCounted = claimable.counted === "any" ? () => true : isOnUsb;
    this.#show = show;
  }

  /** Makes an attempt at a pair's leader, until it has passed, failed, or `signal` ends it. Never rejects. */
  byLeader(pair: ServedPair, signal: AbortSignal): Promise<Refusal> {
    return this.#attempt(
      [pair],
      pair.name,
      async () => (await lentFor([pair])) ?? (await elsewhereFor(pair)),
      async (show) => {
        // Ordinary motion must never answer, and whoever works with the arms sees that something is on.
        const paused = await pair.buttons.press("pause", "claimed", signal);
        return paused.done ? watchLeader(pair.feed, this.#isCounted, show, signal) : paused.text;
      },
    );
  }

  /** Makes an attempt at a board, while none is named. Never rejects. */
  byBoard(signal: AbortSignal): Promise<Refusal> {
    const { pairs, boards, counted } = this.#claimable;
    const all = [...pairs.values()];
    const named = async () =>
      (await areNamed(all, counted))
        ? "The boards of this machine's arms have names: claim this page at the leader, by moving it."
        : lentFor(all);
    return this.#attempt(all, null, named, async (show) => {
      // Without a board there is mostly no service, and nothing to pause.
      await Promise.all(all.map(({ buttons }) => buttons.press("pause", "claimed", signal)));
      return unplugAndReplug(boards, this.#isCounted, show, signal);
    });
  }

  /** Takes a code that root has made. `address` is whose tries are counted. Throws NotKept. */
  byCode(code: string, address: string): Refusal {
    const now = performance.now();
    if (!this.#triesInAll.take("", now) || !this.#triesEach.take(address, now)) {
      return "That were too many codes: wait a minute, then try again.";
    }
    const isRight = this.#claimable.codes.take(code, Date.now());
    void this.#tell([...this.#claimable.pairs.values()], isRight ? "claim made" : "claim failed");
    return isRight
      ? undefined
      : "That is not the code, or it is over: “sudo so101 web claim” makes a new one.";
  }

  /** `hindered` says why there can be none: that is no failure, and nobody is told. */
  async #attempt(
    pairs: readonly ServedPair[],
    shown: string | null,
    hindered: () => Promise<Refusal>,
    attempt: (show: Show) => Promise<Refusal>,
  ): Promise<Refusal> {
    const now = performance.now();
    if (this.#isBusy) return "Somebody is claiming a page just now: wait until that is over.";
    if (now < this.#closedUntilMs) {
      return `Three attempts have failed: try again in ${Math.ceil((this.#closedUntilMs - now) / 1e3)} s.`;
    }
    this.#isBusy = true;
    try {
      const hindrance = await hindered();
      if (hindrance !== undefined) return hindrance;
      void this.#tell(pairs, "claim began");
      const refusal = await attempt((how) => this.#show({ kind: "claim", pair: shown, ...how }));
      if (refusal === undefined) this.#failures = 0;
      else this.#countFailure();
      void this.#tell(pairs, refusal === undefined ? "claim made" : "claim failed");
      return refusal;
    } finally {
      this.#isBusy = false;
      this.#show({ kind: "claim", pair: shown, text: null, progress: 0 });
    }
  }

  #countFailure(): void {
    this.#failures++;
    if (this.#failures < MOST_FAILURES) return;
    this.#failures = 0;
    this.#closedUntilMs = performance.now() + PENALTY_MS;
  }

  /** Has the services tell it as an event: one that does not run tells nothing. Never rejects. */
  async #tell(pairs: readonly ServedPair[], what: Tellable): Promise<void> {
    await Promise.all(
      pairs.map(({ sockets }) => askService(sockets, { do: "tell", what }).catch(() => undefined)),
    );
  }
}

/** That arms are lent: the pause that a claim begins with would end what somebody does with them. */
async function lentFor(pairs: readonly ServedPair[]): Promise<Refusal> {
  const statuses = await Promise.all(pairs.map(({ feed }) => feed.ask()));
  const lent = statuses.find((status) => status?.mode === "lent")?.lent;
  if (lent === undefined) return undefined;
  return `The arms are lent just now, for “${lent.for}”: claim this page once they have been given back.`;
}

/** That the leader is on another machine: the pause that a claim begins with would hold a follower for nothing. */
async function elsewhereFor({ feed }: ServedPair): Promise<Refusal> {
  const status = await feed.ask();
  if (status === undefined || armsRead(status) !== "follower") return undefined;
  return sayFailure({ because: "another machine" });
}
