/** The time grid of the loop: when a tick is due, how late it began, what was skipped. Behind slow ports there is none. */
import type { Clock } from "../../linux/clock.ts";
import type { Lateness } from "../shared/lateness.ts";
import type { Telemetry } from "../shared/telemetry.ts";
import type { LeaderSource } from "./leader-source.ts";

/** What comes sooner after a tick than this share of the period waits for so long: a flood sets no other pace. */
const LEAST_SHARE = 0.25;

/** The rate that the ports allow is taken over so many µs. */
const RATE_OVER_US = 2_000_000;

/** Keeps the grid of one run of the loop. Nothing here allocates. */
export class Pacer {
  readonly #clock: Clock;
  readonly #leader: Pick<LeaderSource, "wait" | "graceUs">;
  /** Between two ticks where the ports are fast enough, µs. */
  readonly periodUs: number;
  readonly #telemetry: Telemetry;
  readonly #lateness: Lateness;
  #dueUs = 0;
  #startedUs = 0;
  #countedUs = 0;
  #suspendedBeforeUs = 0;
  /** Since when ticks are counted for the rate, how many there were, and how many the ports made longer than the period. */
  #rateFromUs = 0;
  #ticks = 0;
  #slowed = 0;
  #slowedToHz = Number.POSITIVE_INFINITY;

  /** `leader` is what the time between two ticks is spent waiting for. */
  constructor(
    clock: Clock,
    rateHz: number,
    telemetry: Telemetry,
    lateness: Lateness,
    leader: Pick<LeaderSource, "wait" | "graceUs">,
  ) {
    this.#clock = clock;
    this.#leader = leader;
    this.periodUs = 1e6 / rateHz;
    this.#telemetry = telemetry;
    this.#lateness = lateness;
  }

  /** Begins the grid: the first tick is due now. */
  begin(): void {
    this.#dueUs = this.#clock.nowUs();
    this.#countedUs = this.#dueUs - this.periodUs;
    this.#suspendedBeforeUs = this.#clock.suspendedUs();
    this.#rateFromUs = this.#dueUs;
  }

  /** The rate in Hz that the ports' slowness has led to over the last seconds; Infinity where they are fast enough. */
  get slowedToHz(): number {
    return this.#slowedToHz;
  }

  /** Begins a tick; returns the time. */
  startTick(): number {
    this.#startedUs = this.#clock.nowUs();
    const { graceUs } = this.#leader;
    // What comes by itself sets the grid anew.
    if (graceUs > 0) this.#dueUs = Math.min(this.#dueUs + graceUs, this.#startedUs);
    return this.#startedUs;
  }

  /** How long it is until the next tick is due by the grid, µs; less than 0 when that is past. */
  get slackUs(): number {
    return this.#dueUs + this.periodUs - this.#clock.nowUs();
  }

  /** How long after it was due the tick began, µs; the time for which the machine was suspended counts too. */
  get lateUs(): number {
    // The clock of the grid stands still while the machine is suspended.
    return this.#startedUs - this.#dueUs + this.#clock.suspendedUs() - this.#suspendedBeforeUs;
  }

  /**
   * Counts the tick, and sleeps until the next is due. For `waitedUs` it has waited for its ports: where that is longer
   * than the period, the next tick is due at once. Slots that went by for any other reason are skipped: overruns.
   */
  finishTick(waitedUs: number): void {
    const telemetry = this.#telemetry;
    telemetry.beat();
    telemetry.count("ticks");
    telemetry.count("loopUs", this.#startedUs - this.#countedUs);
    this.#lateness.count(this.#startedUs - this.#dueUs);
    this.#countedUs = this.#startedUs;
    this.#countRate(waitedUs);
    this.#dueUs = Math.max(this.#dueUs + this.periodUs, this.#startedUs + waitedUs);
    const behindUs = this.#clock.nowUs() - this.#dueUs;
    // Ticks that are made up for in a burst would tell the servos nothing new.
    if (behindUs > this.periodUs) {
      const overruns = Math.floor(behindUs / this.periodUs);
      telemetry.count("overruns", overruns);
      this.#dueUs += overruns * this.periodUs;
    }
    const { graceUs } = this.#leader;
    this.#leader.wait(this.#dueUs + graceUs, this.#startedUs + this.periodUs * LEAST_SHARE);
  }

  #countRate(waitedUs: number): void {
    this.#ticks++;
    if (waitedUs > this.periodUs) this.#slowed++;
    const passedUs = this.#startedUs - this.#rateFromUs;
    if (passedUs < RATE_OVER_US) return;
    const isSlowed = this.#slowed > this.#ticks / 2;
    this.#slowedToHz = isSlowed ? (this.#ticks * 1e6) / passedUs : Number.POSITIVE_INFINITY;
    this.#rateFromUs = this.#startedUs;
    this.#ticks = 0;
    this.#slowed = 0;
  }
}
