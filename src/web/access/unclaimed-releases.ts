/** How often a page that nobody has claimed may release the follower: a stop is for everybody, a nuisance for nobody. */

const MOST = 3;
const WITHIN_MS = 10 * 60_000;

/** Counts the releases of unclaimed pages. */
export class UnclaimedReleases {
  #atMs: number[] = [];

  /** Whether one more is allowed at `nowMs`. */
  isAllowed(nowMs: number): boolean {
    return this.#atMs.filter((at) => at > nowMs - WITHIN_MS).length < MOST;
  }

  /** Counts one that has been done. */
  count(nowMs: number): void {
    this.#atMs = [...this.#atMs.filter((at) => at > nowMs - WITHIN_MS), nowMs];
  }

  /** Somebody who was beside the arms has made them go on: what was counted is over. */
  forget(): void {
    this.#atMs = [];
  }
}
