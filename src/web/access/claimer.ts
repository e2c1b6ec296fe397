/** Claiming a page by presence: one attempt at a time, which pauses the pair and is shown on every page. */

import type { Status } from "../../api/protocol.ts";
import { JOINTS } from "../../arm/joints.ts";
import { steps, stepsToDegrees } from "../../feetech/units.ts";
import { isOnUsb } from "../../host/usb-ports.ts";
import type { PageMessage } from "../messages.ts";
import type { Buttons } from "../pairs/buttons.ts";
import type { PairFeed } from "../pairs/pair-feed.ts";
import { type Attempt, Presence, type Ranges } from "./presence.ts";
import { sayAttempt, sayFailure } from "./words.ts";

/** What came of an attempt: undefined when it passed, else why not, for the person. */
export type Refusal = string | undefined;

/** Whose arms count as ones that somebody is beside. */
export type CountedPorts = "own USB" | "any";

/** After so many failures … */
const MOST_FAILURES = 3;
/** … nobody may try for so long. */
const PENALTY_MS = 60_000;
/** Without a sample for so long the leader is not heard. */
const SILENT_MS = 1_000;

/** Makes attempts. */
export class Claimer {
  readonly #counted: CountedPorts;
  readonly #show: (message: PageMessage) => void;
  #isBusy = false;
  #failures = 0;
  #closedUntilMs = Number.NEGATIVE_INFINITY;

  /** `show` tells every page how an attempt stands. */
  constructor(counted: CountedPorts, show: (message: PageMessage) => void) {
    this.#counted = counted;
    this.#show = show;
  }

  /** Makes an attempt at a pair's leader, until it has passed, failed, or `signal` ends it. Never rejects. */
  async attempt(feed: PairFeed, buttons: Buttons, signal: AbortSignal): Promise<Refusal> {
    const now = performance.now();
    if (this.#isBusy) return "Somebody is claiming a page just now: wait until that is over.";
    if (now < this.#closedUntilMs) {
      return `Three attempts have failed: try again in ${Math.ceil((this.#closedUntilMs - now) / 1e3)} s.`;
    }
    this.#isBusy = true;
    try {
      // Ordinary motion must never answer, and whoever works with the arms sees that something is on.
      const paused = await buttons.press("pause", "unclaimed", signal);
      if (!paused.done) return paused.text;
      const refusal = await this.#watch(feed, signal);
      if (refusal === undefined) this.#failures = 0;
      else this.#countFailure();
      return refusal;
    } finally {
      this.#isBusy = false;
      this.#show({ kind: "claim", pair: feed.pair, text: null, progress: 0 });
    }
  }

  #countFailure(): void {
    this.#failures++;
    if (this.#failures < MOST_FAILURES) return;
    this.#failures = 0;
    this.#closedUntilMs = performance.now() + PENALTY_MS;
  }

  #watch(feed: PairFeed, signal: AbortSignal): Promise<Refusal> {
    return new Promise((resolve) => {
      let presence: Presence | undefined;
      const over = (refusal: Refusal) => {
        clearTimeout(silence);
        signal.removeEventListener("abort", gone);
        end();
        resolve(refusal);
      };
      const gone = () => over("The page has gone away.");
      const silent = () => over(sayFailure({ because: "leader silent" }));
      const tell = (attempt: Attempt) => {
        if (attempt.kind === "passed") over(undefined);
        else if (attempt.kind === "failed") over(sayFailure(attempt.why));
        else this.#show({ kind: "claim", pair: feed.pair, ...sayAttempt(attempt) });
      };
      let silence = setTimeout(silent, SILENT_MS);
      const end = feed.listen((message) => {
        if (message.kind !== "sample") return;
        const { status } = feed;
        const now = performance.now();
        if (presence === undefined) {
          const ranges = status && rangesOf(status);
          if (ranges === undefined) return;
          if (this.#counted === "own USB" && !isOnUsb(status!.arms.leader.port)) {
            queueMicrotask(() => over("This leader is not on this machine's own USB: it can claim nothing."));
            return;
          }
          presence = new Presence(ranges, message.leader, now, unguessable);
        }
        clearTimeout(silence);
        silence = setTimeout(silent, SILENT_MS);
        tell(presence.see(message.leader, now));
      });
      signal.addEventListener("abort", gone, { once: true });
    });
  }
}

/** A number from 0 to less than 1. */
function unguessable(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}

/** How far the leader's joints can go, degrees from the middle; undefined without a calibration. */
function rangesOf({ arms }: Status): Ranges | undefined {
  const ranges = JOINTS.map((joint) => arms.leader.joints[joint].rangeSteps);
  if (ranges.includes(null)) return undefined;
  return ranges.map((range, index) => {
    if (JOINTS[index] === "gripper") return [0, 110] as const;
    const half = stepsToDegrees(steps((range!.max - range!.min) / 2));
    return [-half, half] as const;
  });
}
