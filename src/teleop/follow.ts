/** The control loop: read the leader, map, limit, write the follower, on an absolute time grid. */
import { JOINT_COUNT } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/read.ts";
import type { Bus } from "../feetech/bus.ts";
import { STEPS_PER_TURN } from "../feetech/registers.ts";
import { nowUs, sleepUntilUs } from "../serial/clock.ts";
import type { FollowerDrive } from "./drive.ts";
import { ErrorReports } from "./errors.ts";
import type { Tell } from "./events.ts";
import { HealthWatch } from "./health.ts";
import { LeaderReader } from "./leader.ts";
import { Command, type PairState, type SharedState } from "./shared.ts";

/** A tick or a transfer that takes longer than this, or than the time to hold, shows that the process did not run. */
const STALL_US = 50_000;

/** Counters are copied to the shared memory every so many ticks. */
const PUBLISH_EVERY_TICKS = 16;

/** Why the loop ended. A lost port ends it with the {@link PortError} instead. */
export type FollowEnd =
  /** The main thread asks for something. */
  | { readonly kind: "command" }
  /** No fresh leader position for the configured time. */
  | { readonly kind: "leader silent" }
  /** The process did not run for as long: stopped, suspended or starved. */
  | { readonly kind: "stalled"; readonly forMs: number }
  /** A follower's servo no longer answers, or was reset by a loss of power. */
  | { readonly kind: "follower silent" | "follower reset"; readonly joint: number };

/** What the loop works on. */
export interface FollowContext {
  readonly leader: Bus;
  readonly follower: Bus;
  readonly drive: FollowerDrive;
  /** For each joint the follower's goal by the leader's raw position. */
  readonly goalTables: readonly Int16Array[];
  readonly rateHz: number;
  readonly holdAfterMs: number;
  readonly shared: SharedState;
  readonly tell: Tell;
  /** How messages name the leader. */
  readonly leaderName: string;
  /** Enters a state of the pair. */
  enter(state: PairState, why: string): void;
}

/** One run of the loop, from the follower energised where it is to whatever ends it. */
export class FollowLoop {
  readonly #context: FollowContext;
  readonly #health: HealthWatch;
  readonly #leader: LeaderReader;
  readonly #targets = new Int32Array(JOINT_COUNT);
  readonly #leaderErrors: ErrorReports;
  readonly #followerErrors: ErrorReports;
  /** True once the leader has given a position. */
  hasTargets = false;
  #following = false;
  #toldLimpened = false;

  constructor(context: FollowContext) {
    this.#context = context;
    this.#leader = new LeaderReader(context.leader);
    this.#leaderErrors = new ErrorReports(context.leader, context.tell);
    this.#followerErrors = new ErrorReports(context.follower, context.tell);
    this.#health = new HealthWatch(context.follower, context.drive, context.shared);
  }

  /** Runs until something ends it. Allocates nothing while nothing changes. Throws {@link PortError}. */
  run(): FollowEnd {
    const { shared, rateHz, holdAfterMs } = this.#context;
    const periodUs = 1e6 / rateHz;
    const holdAfterUs = holdAfterMs * 1e3;
    const stallUs = Math.max(holdAfterUs, STALL_US);
    let dueUs = nowUs();
    let freshUs = dueUs;
    let countedUs = dueUs - periodUs;
    for (let tick = 0; ; tick++) {
      const startUs = nowUs();
      const lateUs = startUs - dueUs;
      if (lateUs > stallUs) return this.#end({ kind: "stalled", forMs: Math.round(lateUs / 1e3) });
      shared.countLateness(lateUs);
      if (shared.command !== Command.none) return this.#end({ kind: "command" });

      const fresh = this.#readLeader(startUs);
      const readUs = nowUs();
      if (readUs - startUs > stallUs) {
        return this.#end({ kind: "stalled", forMs: Math.round((readUs - startUs) / 1e3) });
      }
      if (fresh) freshUs = readUs;
      else if (readUs - freshUs > holdAfterUs) return this.#end({ kind: "leader silent" });
      if (fresh) this.#moveFollower(readUs);
      if (this.#health.verdict !== "well") {
        return this.#end({ kind: `follower ${this.#health.verdict}`, joint: this.#health.joint });
      }
      this.#useSlack(startUs, fresh);

      shared.count("ticks");
      shared.count("loopUs", startUs - countedUs);
      countedUs = startUs;
      if (tick % PUBLISH_EVERY_TICKS === 0) this.#publishCounters();
      dueUs += periodUs;
      const behindUs = nowUs() - dueUs;
      if (behindUs > periodUs) {
        const missed = Math.floor(behindUs / periodUs);
        shared.count("missedTicks", missed);
        dueUs += missed * periodUs;
      }
      sleepUntilUs(dueUs);
    }
  }

  #end(end: FollowEnd): FollowEnd {
    this.#publishCounters();
    return end;
  }

  /** True when the leader gave fresh positions, which then are the targets. */
  #readLeader(startUs: number): boolean {
    if (this.#leader.limpened() && !this.#toldLimpened) this.#tellLimpened();
    this.#leader.request();
    // While the leader answers, what the follower has answered to the tick before is taken in.
    this.#health.poll(startUs);
    if (!this.#leader.collect(startUs)) {
      this.#context.shared.count("leaderMisses");
      return false;
    }
    const { positions } = this.#leader;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const target = this.#context.goalTables[joint]![positions[joint]!]!;
      const jump = Math.abs(target - this.#targets[joint]!);
      if (this.hasTargets && jump > STEPS_PER_TURN / 2) this.#unwind(joint);
      this.#targets[joint] = target;
    }
    this.hasTargets = true;
    return true;
  }

  #moveFollower(readUs: number): void {
    this.#health.settle();
    if (!this.#health.mayMove(readUs)) return;
    const met = this.#context.drive.step(this.#targets);
    if (met && !this.#following) this.#enterFollowing();
  }

  /** What has time until the next tick. */
  #useSlack(startUs: number, fresh: boolean): void {
    this.#health.request(nowUs());
    if (fresh) this.#leader.checkTorque(nowUs());
    this.#publishPositions();
    this.#leaderErrors.report(startUs);
    this.#followerErrors.report(startUs);
  }

  /** A target that jumps by more than half a turn has crossed the seam of a full-turn joint. */
  #unwind(joint: number): void {
    const { drive, tell, follower } = this.#context;
    if (drive.approaching[joint] === 1) return;
    drive.approaching[joint] = 1;
    const name = follower.nameOf(SERVO_IDS[joint]!);
    tell({
      kind: "notice",
      severity: "info",
      message: `${name} unwinds slowly, because the leader's crossed the end of its turn`,
    });
  }

  #enterFollowing(): void {
    this.#following = true;
    this.#context.enter("following", "the follower has reached the leader's pose");
  }

  #tellLimpened(): void {
    this.#toldLimpened = true;
    const { tell, leaderName } = this.#context;
    const message = `${leaderName}: was energised, which it must never be — its torque was switched off; check its supply`;
    tell({ kind: "notice", severity: "warning", message });
  }

  #publishPositions(): void {
    if (!this.hasTargets) return;
    const { shared, drive } = this.#context;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      shared.setJoint(joint, "leaderPosition", this.#leader.positions[joint]!);
      shared.setJoint(joint, "goal", drive.goals[joint]!);
    }
  }

  #publishCounters(): void {
    const { shared, leader, follower } = this.#context;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const id = SERVO_IDS[joint]!;
      shared.setJoint(
        joint,
        "leaderMisses",
        leader.counters.of(id, "timeout") + leader.counters.of(id, "corrupted"),
      );
      shared.setJoint(
        joint,
        "followerMisses",
        follower.counters.of(id, "timeout") + follower.counters.of(id, "corrupted"),
      );
    }
    shared.setCounter(
      "corruptedReplies",
      leader.counters.total("corrupted") + follower.counters.total("corrupted"),
    );
    shared.setCounter("noiseBytes", leader.counters.noiseBytes + follower.counters.noiseBytes);
  }
}
