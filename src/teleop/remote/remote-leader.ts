/**
 * The leader of another machine, as its samples come: which of them are to be believed is decided here, beside the
 * follower's motors, whatever was decided on the way.
 */
import type { ArmIdentity } from "../../arm/identity.ts";
import { JOINT_COUNT } from "../../arm/joints.ts";
import type { TimeCounts } from "../../feetech/round-trip.ts";
import { steps } from "../../feetech/units.ts";
import type { Clock } from "../../linux/clock.ts";
import { JumpGuard } from "../loop/jump-guard.ts";
import type { LeaderSource } from "../loop/leader-source.ts";
import type { Problem } from "../reporting/problem.ts";
import type { PairSettings, RemoteLeaderSettings, RemoteTrouble } from "../settings.ts";
import type { Telemetry } from "../shared/telemetry.ts";
import type { LeaderCondition } from "../state/conditions.ts";
import { Freshness } from "./freshness.ts";
import type { SampleLink } from "./link.ts";
import { epochHalves, isNewer, SampleView } from "./sample.ts";

/** What is late by more than this is not acted upon, µs beyond the least delay. */
export const TOO_LATE_US = 150_000;
/** After so long in silence any number is new. */
const FORGET_AFTER_US = 10_000_000;
/** Who carries samples is started together with the service, or anew: it takes so long. */
const CLIENT_WITHIN_US = 3_000_000;
/** How late a sample came is known where it was looked for so soon, µs; a pair that is paused looks now and then. */
const TIMELY_US = 50_000;
/** A leader that is sent says where it is within so long. */
const NEXT_WITHIN_US = 50_000;
/** So many datagrams are taken in one look at most; those of a flood wait for the next. */
const MOST_AT_ONCE = 64;
/** What may have waited is thrown away, so much at once: more than a socket has room for. */
const MOST_THROWN_AWAY = 512;
/** Two readings are no further apart than this for judging how far a hand can have come, µs. */
const LONGEST_APART_US = 1_000_000;
/** A sample is waited for this share of a period beyond it: it comes with a jitter. */
const GRACE_PERIODS = 0.5;

/** What it works with. */
export interface RemoteLeaderContext {
  readonly link: SampleLink;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** How often a sample was late by how much, of all late ones too. */
  readonly delays: TimeCounts;
}

/** Takes samples in. Nothing here allocates but what says so. */
export class RemoteLeader implements LeaderSource {
  readonly positions = new Int32Array(JOINT_COUNT);
  readonly isOnBus = false;
  /** Samples come unevenly: their goals wait for a few ms where the speed limit asks for it. */
  readonly isSlow = true;
  readonly usualUs = 0;

  readonly #context: RemoteLeaderContext;
  readonly #view: SampleView;
  readonly #freshness = new Freshness();
  readonly #jumps = new JumpGuard();
  readonly #found = new Int32Array(JOINT_COUNT);
  /** When somebody was there to carry samples. */
  #linkedUs: number;
  #settings: RemoteLeaderSettings | undefined;
  #normalisation: PairSettings["normalisation"] = "range";
  #periodUs = 0;
  #low = -1;
  #high = -1;
  #hasSequence = false;
  #sequence = 0;
  /** When the last sample that was acted upon was sent, by its clock, and came, by ours. */
  #sentUs = Number.NEGATIVE_INFINITY;
  #goodUs = Number.NEGATIVE_INFINITY;
  /** When all that had come was taken last: what waits is no older than that. */
  #emptiedUs: number;
  /** Whether what is taken now has not waited for longer than it takes to look for a leader that is silent. */
  #isTimely = true;

  constructor(context: RemoteLeaderContext) {
    this.#context = context;
    this.#view = new SampleView(context.link.incoming);
    this.#linkedUs = context.clock.nowUs();
    this.#emptiedUs = this.#linkedUs;
  }

  /** Whom it is to hear from now on. Of another epoch nothing is known. Allocates. */
  heed(leader: RemoteLeaderSettings | undefined, { normalisation, rateHz }: PairSettings): void {
    const epoch = leader?.heard?.epoch;
    if (epoch !== this.#settings?.heard?.epoch || leader?.name !== this.#settings?.name) {
      const { low, high } = epoch === undefined ? { low: -1, high: -1 } : epochHalves(epoch);
      this.#low = low;
      this.#high = high;
      this.#hasSequence = false;
      this.#sentUs = Number.NEGATIVE_INFINITY;
      this.#goodUs = Number.NEGATIVE_INFINITY;
      this.#freshness.forget();
    }
    this.#settings = leader;
    this.#normalisation = normalisation;
    this.#periodUs = 1e6 / rateHz;
  }

  /** How it was seen just now; undefined where none is to be heard. `known` is why nothing is heard, where that is known. Allocates. */
  observe(known?: RemoteTrouble): LeaderCondition | undefined {
    const leader = this.#settings;
    if (leader === undefined) return undefined;
    const isThere = this.#look();
    this.#takeAll();
    const arm: ArmIdentity = { role: "leader", id: leader.name };
    const { heard } = leader;
    const silentUs = this.#context.clock.nowUs() - this.#goodUs;
    const isHeard = silentUs <= leader.holdAfterMs * 1e3;
    // One that is away has nothing that could be mended.
    const isAway = known !== undefined && !isHeard;
    if (heard !== undefined && !isAway && heard.normalisation !== this.#normalisation) {
      const problem = {
        code: "leader.unfit",
        arm,
        theirs: heard.normalisation,
        ours: this.#normalisation,
      } as const;
      return { is: "unfit", torque: "off", problem };
    }
    if (isHeard) {
      return {
        is: "reached",
        torque: "off",
        positions: Array.from(this.positions, steps),
        temperaturesC: [],
        isConfigured: true,
      };
    }
    // A number from nowhere keeps its leader out for no longer.
    if (silentUs > FORGET_AFTER_US) this.#hasSequence = false;
    const trouble = this.#isLinkGone(isThere) ? ({ why: "no client" } as const) : known;
    const problem: Problem = { code: "leader.away", arm, ...(trouble && { trouble }) };
    return { is: "silent", torque: "off", problem };
  }

  /** Whether somebody carries samples; where nobody has looked for a while, a sample of now is waited for. */
  #look(): boolean {
    const { link, clock } = this.#context;
    const isThere = link.look();
    if (!isThere || !this.#mayBeLate(clock.nowUs())) return isThere;
    this.#takeAll();
    link.wait(clock.nowUs() + NEXT_WITHIN_US);
    return isThere;
  }

  /** Whether what waits may have waited for too long: nobody looked meanwhile, and nothing says when it came. */
  #mayBeLate(nowUs: number): boolean {
    return nowUs - this.#emptiedUs > TOO_LATE_US;
  }

  /** Whether nobody has carried samples for longer than it takes to start. */
  #isLinkGone(isThere: boolean): boolean {
    const nowUs = this.#context.clock.nowUs();
    if (isThere) this.#linkedUs = nowUs;
    return nowUs - Math.max(this.#linkedUs, this.#goodUs) > CLIENT_WITHIN_US;
  }

  request(): void {}

  collect(): boolean {
    return this.#takeAll();
  }

  takeJump(): number {
    return this.#jumps.take();
  }

  get graceUs(): number {
    return this.#periodUs * GRACE_PERIODS;
  }

  wait(untilUs: number, fromUs: number): void {
    this.#context.clock.sleepUntilUs(Math.min(fromUs, untilUs));
    this.#context.link.wait(untilUs);
  }

  useSlack(): void {}
  endSlack(): void {}
  mustLoseTorque(): boolean {
    return false;
  }
  switchTorqueOff(): void {}

  /** Takes what has come; true when there is a position to act upon that is newer than before. The newest wins. */
  #takeAll(): boolean {
    const { link, clock, telemetry } = this.#context;
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
      if (mayBeLate) this.#refuse("remoteLate");
      else if (this.#take(length, nowUs)) isNews = true;
    }
    if (!isNews) return false;
    const gapUs = nowUs - this.#goodUs;
    if (this.#isTimely && gapUs <= this.#settings!.holdAfterMs * 1e3) telemetry.noteGap(gapUs);
    this.#goodUs = nowUs;
    telemetry.count("remoteSamples");
    return true;
  }

  /** Whether a datagram is a sample to act upon; then its positions are. */
  #take(length: number, nowUs: number): boolean {
    const { telemetry, delays } = this.#context;
    const view = this.#view;
    if (this.#settings === undefined) return false;
    if (view.kindOf(length) !== "sample") return this.#refuse("remoteRubbish");
    if (this.#low === -1 || !view.isOfEpoch(this.#low, this.#high)) return this.#refuse("remoteOthers");
    const { sequence, sentUs } = view;
    if (this.#hasSequence) {
      if (!isNewer(sequence, this.#sequence)) return this.#refuse("remoteOld");
      telemetry.count("remoteMissing", ((sequence - this.#sequence) >>> 0) - 1);
    }
    this.#hasSequence = true;
    this.#sequence = sequence;
    const lateUs = this.#freshness.beyondLeastUs(nowUs, sentUs);
    if (this.#isTimely) delays.note(lateUs);
    if (lateUs > TOO_LATE_US) return this.#refuse("remoteLate");
    for (let joint = 0; joint < JOINT_COUNT; joint++) this.#found[joint] = view.position(joint);
    if (!this.#jumps.believes(this.#found, this.positions, this.#passedUs(nowUs, sentUs))) return false;
    this.#sentUs = sentUs;
    this.positions.set(this.#found);
    return true;
  }

  /**
   * For how long a hand can have moved the leader since the positions before. Who is heard again is aligned with. Who was
   * heard all the time, but says that it is later than that, was not: somewhere on the way what is old was kept.
   */
  #passedUs(nowUs: number, sentUs: number): number {
    const holdAfterUs = this.#settings!.holdAfterMs * 1e3;
    if (nowUs - this.#goodUs > holdAfterUs) return LONGEST_APART_US;
    const passedUs = sentUs - this.#sentUs;
    return passedUs > holdAfterUs ? 0 : Math.max(passedUs, 0);
  }

  #refuse(why: "remoteRubbish" | "remoteOthers" | "remoteOld" | "remoteLate"): false {
    this.#context.telemetry.count(why);
    return false;
  }
}
