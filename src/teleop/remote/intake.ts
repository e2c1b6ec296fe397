/**
 * Taking samples in from a link, whoever sends them: which of them are to be believed is decided here, beside the
 * follower's motors, whatever was decided on the way.
 */
import { JOINT_COUNT } from "../../arm/joints.ts";
import type { TimeCounts } from "../../feetech/round-trip.ts";
import type { Clock } from "../../linux/clock.ts";
import type { CounterName, Telemetry } from "../shared/telemetry.ts";
import { Freshness } from "./freshness.ts";
import type { SampleLink } from "./link.ts";
import { isNewer, SampleView } from "./sample.ts";

/** What is late by more than this is not acted upon, µs beyond the least delay. */
export const TOO_LATE_US = 150_000;
/** How late a sample came is known where it was looked for so soon, µs; a pair that is paused looks now and then. */
const TIMELY_US = 50_000;
/** Who sends says where it is within so long. */
const NEXT_WITHIN_US = 50_000;
/** So many datagrams are taken in one look at most; those of a flood wait for the next. */
const MOST_AT_ONCE = 64;
/** What may have waited is thrown away, so much at once: more than a socket has room for. */
const MOST_THROWN_AWAY = 512;

/** By which names it is counted what was acted upon, and what was not and why. */
export interface IntakeCounters {
  readonly taken: CounterName;
  readonly rubbish: CounterName;
  readonly others: CounterName;
  readonly old: CounterName;
  readonly late: CounterName;
  /** Samples that never came, by their numbers; not counted if left out. */
  readonly missing?: CounterName;
}

/** What it works with. */
export interface IntakeContext {
  readonly link: SampleLink;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly counters: IntakeCounters;
  /** How often a sample was late by how much, of all late ones too. */
  readonly delays?: TimeCounts;
  /** Whether a sample is of who is to be heard. */
  isWanted(sample: SampleView): boolean;
  /** Whether positions are to be believed that came at `nowUs` and were read at `sentUs` of their sender's clock. */
  believes(positions: ArrayLike<number>, nowUs: number, sentUs: number): boolean;
}

/** Takes samples in. Nothing here allocates after construction. */
export class SampleIntake {
  /** Those of the last sample that was acted upon, in steps, in the joints' order. */
  readonly positions = new Int32Array(JOINT_COUNT);

  readonly #context: IntakeContext;
  readonly #view: SampleView;
  readonly #freshness = new Freshness();
  readonly #found = new Int32Array(JOINT_COUNT);
  #hasSequence = false;
  #sequence = 0;
  /** When the last sample that was acted upon was sent, by its clock, and came, by ours. */
  #sentUs = Number.NEGATIVE_INFINITY;
  #goodUs = Number.NEGATIVE_INFINITY;
  /** When all that had come was taken last: what waits is no older than that. */
  #emptiedUs: number;
  /** Whether what is taken now has not waited for longer than it takes to look for a sender that is silent. */
  #isTimely = true;

  constructor(context: IntakeContext) {
    this.#context = context;
    this.#view = new SampleView(context.link.incoming);
    this.#emptiedUs = context.clock.nowUs();
  }

  /** When the last sample that was acted upon came, µs; −∞ when there was none. */
  get goodUs(): number {
    return this.#goodUs;
  }

  /** When that was sent, µs of its sender's clock. */
  get sentUs(): number {
    return this.#sentUs;
  }

  /** Whether what was taken last was looked for in time: then it is known how late it came. */
  get isTimely(): boolean {
    return this.#isTimely;
  }

  /** Another sender is to be heard: nothing is known of it. */
  forget(): void {
    this.forgetNumbers();
    this.#sentUs = Number.NEGATIVE_INFINITY;
    this.#goodUs = Number.NEGATIVE_INFINITY;
    this.#freshness.forget();
  }

  /** Any number is new from now on: one from nowhere keeps its sender out for no longer. */
  forgetNumbers(): void {
    this.#hasSequence = false;
  }

  /** Whether somebody is at the other end; where nobody has looked for a while, a sample of now is waited for. */
  look(): boolean {
    const { link, clock } = this.#context;
    const isThere = link.look();
    if (!isThere || !this.#mayBeLate(clock.nowUs())) return isThere;
    this.take();
    link.wait(clock.nowUs() + NEXT_WITHIN_US);
    return isThere;
  }

  /** Takes what has come; true when there is a position to act upon that is newer than before. The newest wins. */
  take(): boolean {
    const { link, clock, telemetry, counters } = this.#context;
    const nowUs = clock.nowUs();
    let isNews = false;
    const mayBeLate = this.#mayBeLate(nowUs);
    this.#isTimely = nowUs - this.#emptiedUs <= TIMELY_US;
    const most = mayBeLate ? MOST_THROWN_AWAY : MOST_AT_ONCE;
    for (let count = 0; count < most; count++) {
      const length = link.receive();
      if (length === -1) {
        this.#emptiedUs = nowUs;
        break;
      }
      if (mayBeLate) telemetry.count(counters.late);
      else if (this.#takeOne(length, nowUs)) isNews = true;
    }
    if (!isNews) return false;
    this.#goodUs = nowUs;
    telemetry.count(counters.taken);
    return true;
  }

  /** Whether what waits may have waited for too long: nobody looked meanwhile, and nothing says when it came. */
  #mayBeLate(nowUs: number): boolean {
    return nowUs - this.#emptiedUs > TOO_LATE_US;
  }

  /** Whether a datagram is a sample to act upon; then its positions are. */
  #takeOne(length: number, nowUs: number): boolean {
    const { telemetry, delays, counters } = this.#context;
    const view = this.#view;
    if (view.kindOf(length) !== "sample") return this.#refuse(counters.rubbish);
    if (!this.#context.isWanted(view)) return this.#refuse(counters.others);
    const { sequence, sentUs } = view;
    if (this.#hasSequence) {
      if (!isNewer(sequence, this.#sequence)) return this.#refuse(counters.old);
      if (counters.missing !== undefined)
        telemetry.count(counters.missing, ((sequence - this.#sequence) >>> 0) - 1);
    }
    this.#hasSequence = true;
    this.#sequence = sequence;
    const lateUs = this.#freshness.beyondLeastUs(nowUs, sentUs);
    if (this.#isTimely) delays?.note(lateUs);
    if (lateUs > TOO_LATE_US) return this.#refuse(counters.late);
    for (let joint = 0; joint < JOINT_COUNT; joint++) this.#found[joint] = view.position(joint);
    if (!this.#context.believes(this.#found, nowUs, sentUs)) return false;
    this.#sentUs = sentUs;
    this.positions.set(this.#found);
    return true;
  }

  #refuse(why: CounterName): false {
    this.#context.telemetry.count(why);
    return false;
  }
}
