/** The control loop: read the leader, map, limit, write the follower, on an absolute time grid. */
import { JOINT_COUNT, JOINTS } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/read.ts";
import { STEPS_PER_TURN } from "../../feetech/registers.ts";
import { nowUs, sleepUntilUs, suspendedUs } from "../../linux/clock.ts";
import type { Note, Tell } from "../events.ts";
import type { Episodes } from "../monitoring/alarms.ts";
import type { ArmWatch } from "../monitoring/arm-monitor.ts";
import { HealthWatch } from "../monitoring/guard.ts";
import type { OverloadCure } from "../monitoring/overload.ts";
import { Heat } from "../monitoring/vitals.ts";
import { Command, type PairState, type SharedState } from "../shared/state.ts";
import { LeaderReader } from "./bus-leader.ts";
import type { FollowerDrive } from "./drive.ts";

const GRIPPER = JOINTS.indexOf("gripper");

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
  | { readonly kind: "follower silent" | "follower reset"; readonly joint: number }
  /** A follower's servo is so hot that it must be let down. */
  | { readonly kind: "overheated"; readonly joint: number }
  /** The gripper's torque must be switched off and on to end its overload. */
  | { readonly kind: "gripper overloaded" };

/** What the loop works on. */
export interface FollowContext {
  readonly leader: ArmWatch;
  readonly follower: ArmWatch;
  readonly drive: FollowerDrive;
  readonly overload: OverloadCure;
  /** For each joint the follower's goal by the leader's raw position. */
  readonly goalTables: readonly Int16Array[];
  readonly rateHz: number;
  readonly holdAfterMs: number;
  readonly shared: SharedState;
  readonly episodes: Episodes;
  readonly tell: Tell;
  /** Enters a state of the pair. */
  enter(state: PairState, note: Note): void;
}

/** One run of the loop, from the follower energised where it is to whatever ends it. */
export class FollowLoop {
  readonly #context: FollowContext;
  readonly #health: HealthWatch;
  readonly #leader: LeaderReader;
  readonly #targets = new Int32Array(JOINT_COUNT);
  /** What was told of obstacles, by joint. */
  readonly #obstructed = new Int8Array(JOINT_COUNT);
  /** True once the leader has given a position. */
  hasTargets = false;
  #following = false;
  #toldLimpened = false;

  constructor(context: FollowContext) {
    this.#context = context;
    const { leader, follower, drive, shared } = context;
    this.#leader = new LeaderReader(leader.bus, leader.figures);
    this.#health = new HealthWatch(follower.bus, drive, shared, follower.figures);
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
    const suspendedBeforeUs = suspendedUs();
    for (let tick = 0; ; tick++) {
      const startUs = nowUs();
      const lateUs = startUs - dueUs;
      // The clock of the grid stands still while the machine is suspended.
      const awayUs = lateUs + suspendedUs() - suspendedBeforeUs;
      if (awayUs > stallUs) return this.#end({ kind: "stalled", forMs: Math.round(awayUs / 1e3) });
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
      const ailment = this.#useSlack(startUs, fresh);
      if (ailment !== undefined) return this.#end(ailment);

      shared.beat();
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
    // What is still on its way is no noise to whoever uses the buses next.
    this.#leader.limpened();
    this.#health.settle();
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
    const jumped = this.#leader.jumped;
    if (jumped !== -1) this.#approachAfterJump(jumped);
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

  /** What has time until the next tick; returns what must end the loop, if anything must. */
  #useSlack(startUs: number, fresh: boolean): FollowEnd | undefined {
    const { leader, follower, drive, overload } = this.#context;
    this.#health.request(nowUs());
    if (fresh) this.#leader.useSlack(nowUs());
    this.#publishPositions();
    leader.report();
    follower.report();
    overload.step(startUs, this.#targets);
    if (overload.gripperNeedsTorque) return { kind: "gripper overloaded" };
    drive.slow = follower.vitals.heat >= Heat.slow;
    if (follower.vitals.heat === Heat.release) return { kind: "overheated", joint: follower.vitals.hottest };
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      if (drive.obstructed[joint] !== this.#obstructed[joint]) this.#tellObstructed(joint);
    }
    return undefined;
  }

  /** A target that jumps by more than half a turn has crossed the seam of a full-turn joint. */
  #unwind(joint: number): void {
    const { drive, tell, follower } = this.#context;
    if (drive.approaching[joint] === 1) return;
    drive.approaching[joint] = 1;
    const name = follower.bus.nameOf(SERVO_IDS[joint]!);
    const message = `${name} unwinds slowly, because the leader's crossed the end of its turn`;
    tell({ kind: "notice", severity: "info", code: "joint.unwinds", role: "follower", message });
  }

  /** Where the leader is now it cannot have gone by hand: the follower approaches that slowly. */
  #approachAfterJump(joint: number): void {
    const { drive, episodes, leader } = this.#context;
    this.#leader.jumped = -1;
    drive.approaching.fill(1);
    const name = leader.bus.nameOf(SERVO_IDS[joint]!);
    const message = `${name} has jumped further than it can have moved: the follower approaches slowly — check its lead`;
    episodes.begin("leader.jumped", "warning", { code: "leader.jumped", message });
    episodes.end("leader.jumped");
  }

  #tellObstructed(joint: number): void {
    const { drive, episodes, follower } = this.#context;
    this.#obstructed[joint] = drive.obstructed[joint]!;
    const episode = `follower.obstructed.${joint}`;
    const name = follower.bus.nameOf(SERVO_IDS[joint]!);
    if (drive.obstructed[joint] === 0) {
      episodes.end(episode, `${name} is free again`);
      return;
    }
    const message = `${name} is stopped by something: it presses no further — clear its way, or move the leader back`;
    const severity = joint === GRIPPER ? "info" : "warning";
    episodes.begin(episode, severity, { code: "joint.obstructed", role: "follower", message });
  }

  #enterFollowing(): void {
    this.#following = true;
    this.#context.enter("following", {
      code: "pair.following",
      message: "the follower has reached the leader's pose",
    });
  }

  #tellLimpened(): void {
    this.#toldLimpened = true;
    const { tell, leader } = this.#context;
    const message = `${leader.name}: was energised, which it must never be — its torque was switched off; check its supply`;
    tell({ kind: "notice", severity: "warning", code: "leader.energised", message });
  }

  #publishPositions(): void {
    if (!this.hasTargets) return;
    const { shared, drive } = this.#context;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      shared.setJoint("leader", joint, "position", this.#leader.positions[joint]!);
      shared.setJoint("follower", joint, "goal", drive.goals[joint]!);
    }
  }

  #publishCounters(): void {
    const { leader, follower } = this.#context;
    leader.publish();
    follower.publish();
  }
}
