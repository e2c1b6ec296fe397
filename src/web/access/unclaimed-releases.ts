/** How often a page that nobody has claimed may release the follower: a stop is for everybody, a nuisance for nobody. */
import type { Status } from "../../api/protocol.ts";

const MOST = 3;
const WITHIN_MS = 10 * 60_000;

/** Counts the releases of unclaimed pages. */
export class UnclaimedReleases {
  #atMs: number[] = [];
  /** Whether there were too many: then only somebody beside the arms lets others release again, not the time. */
  #isOver = false;
  /** Of which run of the service the last one was, and of what it was doing. */
  #last: string | undefined;

  /** Whether one more is allowed. */
  get isAllowed(): boolean {
    return !this.#isOver;
  }

  /** Counts one that is done to a pair of this status. */
  count(nowMs: number, status: Status): void {
    this.#atMs = [...this.#atMs.filter((at) => at > nowMs - WITHIN_MS), nowMs];
    this.#isOver ||= this.#atMs.length >= MOST;
    this.#last = stageOf(status);
  }

  /** Whether a pair of this status is still as the last one has left it, or is leaving it: nobody has made it go on. */
  isAgain(status: Status): boolean {
    return status.mode !== "running" && this.#last === stageOf(status);
  }

  /** Somebody who was beside the arms has made them go on: what was counted is over. */
  forget(): void {
    this.#atMs = [];
    this.#isOver = false;
    this.#last = undefined;
  }
}

/** What changes whenever the pair goes on. */
function stageOf({ pid, startedAt, alignments }: Status): string {
  return `${pid} ${startedAt} ${alignments}`;
}
