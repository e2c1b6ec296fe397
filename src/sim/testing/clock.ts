/** Time that passes as fast as it can be computed: who waits moves it on, and what was planned happens on the way. */
import type { Clock } from "../../linux/clock.ts";

/** A clock that stands still but for those who wait. */
export class VirtualClock implements Clock {
  #us: number;
  #suspendedUs = 0;
  readonly #planned: { readonly atUs: number; readonly act: () => void }[] = [];

  /** Begins at a time, µs. */
  constructor(us = 1e9) {
    this.#us = us;
  }

  nowUs(): number {
    return this.#us;
  }

  suspendedUs(): number {
    return this.#suspendedUs;
  }

  sleepUntilUs(deadlineUs: number): void {
    this.#passUntil(deadlineUs, () => false);
  }

  waitWhile(words: Int32Array, index: number, value: number, timeoutMs: number): void {
    this.#passUntil(this.#us + timeoutMs * 1e3, () => Atomics.load(words, index) !== value);
  }

  /** Has something happen at a time, µs, while somebody waits past it. */
  at(atUs: number, act: () => void): void {
    const later = this.#planned.findIndex((planned) => planned.atUs > atUs);
    this.#planned.splice(later === -1 ? this.#planned.length : later, 0, { atUs, act });
  }

  /** Has something happen so many seconds from now. */
  in(seconds: number, act: () => void): void {
    this.at(this.#us + seconds * 1e6, act);
  }

  /** Lets time pass, in s. */
  pass(seconds: number): void {
    this.sleepUntilUs(this.#us + seconds * 1e6);
  }

  /** The machine is suspended for so long, in s: the clock stands still meanwhile. */
  suspend(seconds: number): void {
    this.#suspendedUs += seconds * 1e6;
  }

  #passUntil(deadlineUs: number, isOver: () => boolean): void {
    while (!isOver()) {
      const next = this.#planned[0];
      if (next === undefined || next.atUs > deadlineUs) {
        this.#us = Math.max(this.#us, deadlineUs);
        return;
      }
      this.#planned.shift();
      this.#us = Math.max(this.#us, next.atUs);
      next.act();
    }
  }
}
