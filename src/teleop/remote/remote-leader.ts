/**
 * The leader of another machine, as its samples come: which of them are to be believed is decided here, beside the
 * follower's motors, whatever was decided on the way.
 */
import type { ArmIdentity } from "../../arm/identity.ts";
import type { TimeCounts } from "../../feetech/round-trip.ts";
import { steps } from "../../feetech/units.ts";
import type { Clock } from "../../linux/clock.ts";
import { JumpGuard } from "../loop/jump-guard.ts";
import type { LeaderSource } from "../loop/leader-source.ts";
import type { Problem } from "../reporting/problem.ts";
import type { PairSettings, RemoteLeaderSettings, RemoteTrouble } from "../settings.ts";
import type { Telemetry } from "../shared/telemetry.ts";
import type { LeaderCondition } from "../state/conditions.ts";
import { SampleIntake } from "./intake.ts";
import type { SampleLink } from "./link.ts";
import { epochHalves } from "./sample.ts";

/** After so long in silence any number is new. */
const FORGET_AFTER_US = 10_000_000;
/** Who carries samples is started together with the service, or anew: it takes so long. */
const CLIENT_WITHIN_US = 3_000_000;
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
  readonly positions: Int32Array;
  readonly isOnBus = false;
  readonly stands = false;
  readonly mayJump = false;
  /** Samples come unevenly: their goals wait for a few ms where the speed limit asks for it. */
  readonly isSlow = true;
  readonly usualUs = 0;

  readonly #context: RemoteLeaderContext;
  readonly #intake: SampleIntake;
  readonly #jumps = new JumpGuard();
  /** When somebody was there to carry samples. */
  #linkedUs: number;
  #settings: RemoteLeaderSettings | undefined;
  #normalisation: PairSettings["normalisation"] = "range";
  #periodUs = 0;
  #low = -1;
  #high = -1;

  constructor(context: RemoteLeaderContext) {
    this.#context = context;
    this.#intake = new SampleIntake({
      ...context,
      counters: {
        ...{ taken: "remoteSamples", rubbish: "remoteRubbish", others: "remoteOthers" },
        ...{ old: "remoteOld", late: "remoteLate", missing: "remoteMissing" },
      },
      isWanted: (sample) => this.#low !== -1 && sample.isOfEpoch(this.#low, this.#high),
      believes: (positions, nowUs, sentUs) =>
        this.#jumps.believes(positions, this.positions, this.#passedUs(nowUs, sentUs)),
    });
    this.positions = this.#intake.positions;
    this.#linkedUs = context.clock.nowUs();
  }

  /** Whom it is to hear from now on. Of another epoch nothing is known. Allocates. */
  heed(leader: RemoteLeaderSettings | undefined, { normalisation, rateHz }: PairSettings): void {
    const epoch = leader?.heard?.epoch;
    if (epoch !== this.#settings?.heard?.epoch || leader?.name !== this.#settings?.name) {
      const { low, high } = epoch === undefined ? { low: -1, high: -1 } : epochHalves(epoch);
      this.#low = low;
      this.#high = high;
      this.#intake.forget();
    }
    this.#settings = leader;
    this.#normalisation = normalisation;
    this.#periodUs = 1e6 / rateHz;
  }

  /** How it was seen just now; undefined where none is to be heard. `known` is why nothing is heard, where that is known. Allocates. */
  observe(known?: RemoteTrouble): LeaderCondition | undefined {
    const leader = this.#settings;
    if (leader === undefined) return undefined;
    const isThere = this.#intake.look();
    this.#takeAll();
    const arm: ArmIdentity = { role: "leader", id: leader.name };
    const { heard } = leader;
    const silentUs = this.#context.clock.nowUs() - this.#intake.goodUs;
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
    if (silentUs > FORGET_AFTER_US) this.#intake.forgetNumbers();
    const trouble = this.#isLinkGone(isThere) ? ({ why: "no client" } as const) : known;
    const problem: Problem = { code: "leader.away", arm, ...(trouble && { trouble }) };
    return { is: "silent", torque: "off", problem };
  }

  /** Whether nobody has carried samples for longer than it takes to start. */
  #isLinkGone(isThere: boolean): boolean {
    const nowUs = this.#context.clock.nowUs();
    if (isThere) this.#linkedUs = nowUs;
    return nowUs - Math.max(this.#linkedUs, this.#intake.goodUs) > CLIENT_WITHIN_US;
  }

  get shown(): ArrayLike<number> {
    return this.positions;
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

  /** Takes what has come; true when there is a position to act upon that is newer than before. */
  #takeAll(): boolean {
    const beforeUs = this.#intake.goodUs;
    if (this.#settings === undefined || !this.#intake.take()) return false;
    const gapUs = this.#intake.goodUs - beforeUs;
    if (this.#intake.isTimely && gapUs <= this.#settings.holdAfterMs * 1e3)
      this.#context.telemetry.noteGap(gapUs);
    return true;
  }

  /**
   * For how long a hand can have moved the leader since the positions before. Who is heard again is aligned with. Who was
   * heard all the time, but says that it is later than that, was not: somewhere on the way what is old was kept.
   */
  #passedUs(nowUs: number, sentUs: number): number {
    const holdAfterUs = this.#settings!.holdAfterMs * 1e3;
    if (nowUs - this.#intake.goodUs > holdAfterUs) return LONGEST_APART_US;
    const passedUs = sentUs - this.#intake.sentUs;
    return passedUs > holdAfterUs ? 0 : Math.max(passedUs, 0);
  }
}
