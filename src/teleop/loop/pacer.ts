/** The time grid of the loop: when a tick is due, how late it began, what was skipped. */
import type { Clock } from "../../linux/clock.ts";
import type { Lateness } from "../shared/lateness.ts";
import type { Telemetry } from "../shared/telemetry.ts";

/** Keeps the grid of one run of the loop. Nothing here allocates. */
export class Pacer {
  readonly #clock: Clock;
  readonly #periodUs: number;
  readonly #telemetry: Telemetry;
  readonly #lateness: Lateness;
  #dueUs = 0;
  #startedUs = 0;
  #countedUs = 0;
  #suspendedBeforeUs = 0;

  constructor(clock: Clock, rateHz: number, telemetry: Telemetry, lateness: Lateness) {
    this.#clock = clock;
    this.#periodUs = 1e6 / rateHz;
    this.#telemetry = telemetry;
    this.#lateness = lateness;
  }

  /** Begins the grid: the first tick is due now. */
  begin(): void {
    this.#dueUs = this.#clock.nowUs();
    this.#countedUs = this.#dueUs - this.#periodUs;
    this.#suspendedBeforeUs = this.#clock.suspendedUs();
  }

  /** Begins a tick; returns the time. */
  startTick(): number {
    this.#startedUs = this.#clock.nowUs();
    return this.#startedUs;
  }

  /** How long after it was due the tick began, µs; the time for which the machine was suspended counts too. */
  get lateUs(): number {
    // The clock of the grid stands still while the machine is suspended.
    return this.#startedUs - this.#dueUs + this.#clock.suspendedUs() - this.#suspendedBeforeUs;
  }

  /** Counts the tick, and sleeps until the next is due. Slots that went by meanwhile are skipped: overruns. */
  finishTick(): void {
    const telemetry = this.#telemetry;
    telemetry.beat();
    telemetry.count("ticks");
    telemetry.count("loopUs", this.#startedUs - this.#countedUs);
    this.#lateness.count(this.#startedUs - this.#dueUs);
    this.#countedUs = this.#startedUs;
    this.#dueUs += this.#periodUs;
    const behindUs = this.#clock.nowUs() - this.#dueUs;
    // Ticks that are made up for in a burst would be faster than the speed limit.
    if (behindUs > this.#periodUs) {
      const overruns = Math.floor(behindUs / this.#periodUs);
      telemetry.count("overruns", overruns);
      this.#dueUs += overruns * this.#periodUs;
    }
    this.#clock.sleepUntilUs(this.#dueUs);
  }
}
