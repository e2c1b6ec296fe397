/**
 * The targets of a client or a replay: positions of the follower, in its own steps. The last one stands between two, so
 * that the follower goes on toward it. A client may jump, which no hand can: the drive's limits hold whatever comes.
 */
import type { Clock } from "../../linux/clock.ts";
import type { LeaderSource } from "../loop/leader-source.ts";
import { SampleIntake } from "../remote/intake.ts";
import type { SampleLink } from "../remote/link.ts";
import type { Session } from "../shared/session.ts";
import type { Telemetry } from "../shared/telemetry.ts";
import type { LeaderWatch } from "./leader-watch.ts";

/** Without a target for so long the follower holds. */
export const SILENT_AFTER_MS = 500;

/** The grid goes on between targets, and begins anew with each: a tick waits for none. */
const NO_GRACE_US = 1;

/** What it works with. */
export interface TargetsContext {
  readonly link: SampleLink;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly session: Session;
  /** The leader beside them. */
  readonly watch: LeaderWatch;
}

/** Takes targets in. Nothing here allocates after construction. */
export class Targets implements LeaderSource {
  readonly positions: Int32Array;
  readonly isOnBus = false;
  readonly stands = true;
  readonly mayJump = true;
  readonly isSlow = false;
  readonly usualUs = 0;
  readonly graceUs = NO_GRACE_US;

  readonly #context: TargetsContext;
  readonly #intake: SampleIntake;
  #low = 0;
  #high = 0;

  constructor(context: TargetsContext) {
    this.#context = context;
    this.#intake = new SampleIntake({
      ...context,
      counters: {
        ...{ taken: "targets", rubbish: "targetsRefused", others: "targetsRefused" },
        ...{ old: "targetsRefused", late: "targetsRefused" },
      },
      isWanted: (sample) => (this.#low !== 0 || this.#high !== 0) && sample.isOfEpoch(this.#low, this.#high),
      believes: () => true,
    });
    this.positions = this.#intake.positions;
  }

  /**
   * As {@link poll}, for who looks now and then: where nothing says when it came what has come, one of now is waited for, for
   * a moment.
   */
  look(): void {
    if (this.#hearSession()) this.#intake.look();
    this.poll();
  }

  /** Takes what has come, where a drive may be; who is connected is noticed to be gone also where none may. */
  poll(): void {
    if (this.#hearSession()) this.#intake.take();
    else this.#context.link.look();
  }

  /** Whether a drive may be. What has come under another epoch than its own is nothing of it. */
  #hearSession(): boolean {
    const { session } = this.#context;
    const { low, high } = session;
    if (low !== this.#low || high !== this.#high) {
      this.#low = low;
      this.#high = high;
      this.#intake.forget();
    }
    return session.number !== 0;
  }

  /** When the last good one came, µs; −∞ when none has come under this epoch. */
  get goodUs(): number {
    return this.#intake.goodUs;
  }

  request(): void {}

  collect(): boolean {
    this.poll();
    return this.#context.clock.nowUs() - this.goodUs <= SILENT_AFTER_MS * 1e3;
  }

  takeJump(): number {
    return -1;
  }

  /** The leader's, where it is watched. */
  get shown(): ArrayLike<number> {
    return this.#context.watch.positions;
  }

  wait(untilUs: number, fromUs: number): void {
    this.#context.clock.sleepUntilUs(Math.min(fromUs, untilUs));
    this.#context.link.wait(untilUs);
  }

  useSlack(nowUs: number): void {
    this.#context.watch.ask(nowUs);
  }

  endSlack(): void {
    this.#context.watch.poll();
  }

  mustLoseTorque(nowUs: number): boolean {
    return this.#context.watch.mustLoseTorque(nowUs);
  }

  switchTorqueOff(nowUs: number): void {
    this.#context.watch.switchTorqueOff(nowUs);
  }
}
