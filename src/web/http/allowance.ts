/** How often one address may ask. */

/** An attacker can have any number of addresses: what is known of them is bounded. */
const MOST_ADDRESSES = 1_024;

/** Counts what each address asks. */
export class Allowance {
  readonly #burst: number;
  readonly #perS: number;
  readonly #left = new Map<string, { readonly count: number; readonly atMs: number }>();

  /** `burst` at once, and `perS` a second from then on. */
  constructor({ burst, perS }: { readonly burst: number; readonly perS: number }) {
    this.#burst = burst;
    this.#perS = perS;
  }

  /** Takes one request of an address, if it has one left at `nowMs`; whether it had. */
  take(address: string, nowMs: number): boolean {
    const { count, atMs } = this.#left.get(address) ?? { count: this.#burst, atMs: nowMs };
    const now = Math.min(this.#burst, count + ((nowMs - atMs) / 1e3) * this.#perS);
    if (this.#left.size >= MOST_ADDRESSES) this.#left.clear();
    this.#left.set(address, { count: now >= 1 ? now - 1 : now, atMs: nowMs });
    return now >= 1;
  }
}
