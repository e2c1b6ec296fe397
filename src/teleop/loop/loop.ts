/** The control loop: read the leader, decide, write the follower, use the slack, on an absolute time grid. */
import type { ArmIdentity } from "../../arm/identity.ts";
import { GRIPPER, JOINT_COUNT, JOINTS } from "../../arm/joints.ts";
import type { Marks } from "../../arm/servos/baseline.ts";
import { STEPS_PER_TURN } from "../../feetech/units.ts";
import type { Clock } from "../../linux/clock.ts";
import type { Alarms } from "../monitoring/alarms.ts";
import type { ArmMonitor } from "../monitoring/arm-monitor.ts";
import { FollowerGuard } from "../monitoring/guard.ts";
import type { OverloadCure } from "../monitoring/overload.ts";
import { Heat } from "../monitoring/vitals.ts";
import type { SampleOutlet } from "../remote/outlet.ts";
import type { EventSink } from "../reporting/events.ts";
import type { ControlMemory } from "../shared/control-memory.ts";
import type { StateMachine } from "../state/machine.ts";
import type { FollowerDrive } from "./drive.ts";
import type { LeaderSource } from "./leader-source.ts";
import { LoopAlarms } from "./loop-alarms.ts";
import { Pacer } from "./pacer.ts";
import { PortAlarms } from "./port-alarms.ts";

/** A tick or a transfer that takes longer than this, or than the time to hold, shows that the process did not run. */
const STALL_US = 50_000;

/** What a tick does after its goals takes no longer than this, µs. */
const SLACK_US = 500;

/** A slow follower is asked when the next tick is no closer than this, µs: its answer is off the line by then. */
const SLOW_FOLLOWER_US = 2_000;

/** Behind slow ports goals wait for no longer than this until the speed limit allows them, µs. */
const EXACT_GOALS_WITHIN_US = 5_000;

/** The buses' counters are published every so many ticks. */
export const PUBLISH_EVERY_TICKS = 16;

/** Why the loop ended. A lost port ends it with the {@link PortError} instead, a gripper that cannot be cured with the {@link BusError}. */
export type LoopEnd =
  /** The main thread asks for something. */
  | { readonly kind: "command" }
  /** No fresh leader position for the configured time. */
  | { readonly kind: "leader silent" }
  /** Another one drives, or the client that was followed is not to be heeded now. */
  | { readonly kind: "driver changes" }
  /** The process did not run for as long: stopped, suspended or starved. */
  | { readonly kind: "stalled"; readonly forMs: number }
  /** A follower's servo no longer answers, or was reset by a loss of power. */
  | { readonly kind: "follower silent" | "follower reset"; readonly joint: number }
  /** A follower's servo is so hot that the follower must be released. */
  | { readonly kind: "overheated" };

/** What the loop works on. */
export interface LoopContext {
  readonly leader: LeaderSource;
  readonly leaderArm: ArmIdentity;
  /** Whether another one drives from now on; called in each tick, with the leader's positions where they are fresh. */
  mustYield?(positions: ArrayLike<number> | undefined): boolean;
  /** Where the leader's positions go, beside the follower. */
  readonly outlet?: SampleOutlet | undefined;
  readonly follower: ArmMonitor;
  /** By what the follower's servos show that they are configured. */
  readonly marks: Marks;
  /** The arms of this pair that are on buses of ours. */
  readonly monitors: readonly ArmMonitor[];
  readonly drive: FollowerDrive;
  readonly overload: OverloadCure;
  /** For each joint the follower's goal by the leader's raw position. */
  readonly goalTables: readonly Int16Array[];
  readonly rateHz: number;
  readonly holdAfterMs: number;
  readonly clock: Clock;
  readonly memory: ControlMemory;
  readonly machine: StateMachine;
  readonly alarms: Alarms;
  readonly sink: EventSink;
}

/** One run of the loop, from a follower whose torque is on where it is to whatever ends it. */
export class ControlLoop {
  readonly #context: LoopContext;
  readonly #guard: FollowerGuard;
  readonly #pacer: Pacer;
  readonly #alarms: LoopAlarms;
  readonly #portAlarms: PortAlarms;
  readonly #targets = new Int32Array(JOINT_COUNT);
  /** The leader's positions that they belong to. */
  readonly #aimed = new Int32Array(JOINT_COUNT);
  readonly #stallUs: number;
  readonly #holdAfterUs: number;
  #hasTargets = false;
  #freshUs = 0;
  /** When the leader was asked in this tick, how long the tick has waited for it, and for both ports, µs. */
  #askedUs = 0;
  #waitedForLeaderUs = 0;
  #waitedUs = 0;
  #sincePublished = 0;

  constructor(context: LoopContext) {
    const { follower, drive, clock, rateHz, holdAfterMs, memory, marks } = context;
    this.#context = context;
    this.#guard = new FollowerGuard(follower.bus, drive, memory.telemetry, follower.figures, {
      marks,
      rateHz,
      samples: memory.samples,
    });
    this.#pacer = new Pacer(clock, rateHz, memory.telemetry, memory.lateness, context.leader);
    this.#alarms = new LoopAlarms(context);
    this.#portAlarms = new PortAlarms(context, this.#pacer);
    this.#holdAfterUs = holdAfterMs * 1e3;
    this.#stallUs = stallFrom(this.#holdAfterUs);
  }

  /** True once the leader has given a position. */
  get hasTargets(): boolean {
    return this.#hasTargets;
  }

  /** Runs until something ends it. Allocates nothing while nothing changes. Throws {@link BusError}, {@link PortError}. */
  run(): LoopEnd {
    this.#pacer.begin();
    this.#freshUs = this.#context.clock.nowUs();
    for (;;) {
      const end = this.#tick();
      if (end === undefined) continue;
      this.#endSlack();
      this.#guard.settle(0);
      this.#publishCounters();
      return end;
    }
  }

  #tick(): LoopEnd | undefined {
    const { clock, leader, outlet, drive } = this.#context;
    const startUs = this.#pacer.startTick();
    const called = this.#calledAway();
    if (called !== undefined) return called;

    const fresh = this.#read(startUs);
    const readUs = clock.nowUs();
    const lost = this.#decide(fresh, startUs, readUs);
    if (lost !== undefined) return lost;
    if (this.#context.mustYield?.(fresh ? leader.positions : undefined)) return { kind: "driver changes" };
    if (fresh && !(leader.stands && drive.restsAt(this.#targets))) this.#write(readUs - startUs);
    // After the goals: nobody in the network is before the follower here.
    if (fresh) outlet?.send(readUs, leader.positions);
    const ailment = this.#useSlack(startUs, fresh);
    if (ailment !== undefined) return ailment;

    this.#pacer.finishTick(this.#waitedUs);
    return undefined;
  }

  /** Before anything is sent: was the process away, or is something asked of it? */
  #calledAway(): LoopEnd | undefined {
    const { lateUs } = this.#pacer;
    if (lateUs > this.#stallUs) return stalled(lateUs);
    return this.#context.memory.mailbox.takesAway("following") ? { kind: "command" } : undefined;
  }

  /** True when the leader gave fresh positions, which then are the targets. */
  #read(startUs: number): boolean {
    const { leader, memory, clock } = this.#context;
    this.#endSlack();
    const askedUs = clock.nowUs();
    this.#askedUs = askedUs;
    leader.request(askedUs);
    // While the leader answers, what the follower has answered to the tick before is taken in.
    this.#guard.poll(askedUs);
    const fresh = leader.collect(askedUs);
    const tookUs = clock.nowUs() - askedUs;
    // What is longer than usual, and yet came, is the processor's doing.
    this.#waitedForLeaderUs = askedUs - startUs + (fresh ? Math.min(tookUs, leader.usualUs) : tookUs);
    this.#waitedUs = this.#waitedForLeaderUs;
    if (!fresh) {
      if (leader.isOnBus) memory.telemetry.count("leaderMisses");
      return false;
    }
    const jumped = leader.takeJump();
    if (jumped !== -1) this.#alignAfterJump(jumped);
    for (let joint = 0; joint < JOINT_COUNT; joint++) this.#aim(joint, leader.positions[joint]!);
    this.#hasTargets = true;
    return true;
  }

  /** Whether what was read ends the loop. */
  #decide(fresh: boolean, startUs: number, readUs: number): LoopEnd | undefined {
    // Each is waited for by itself: for what the leader was asked in the slack, and for its positions.
    const longestUs = Math.max(this.#askedUs - startUs, readUs - this.#askedUs);
    if (longestUs > this.#stallUs) return stalled(longestUs);
    if (fresh) this.#freshUs = readUs;
    else if (readUs - this.#freshUs > this.#holdAfterUs) return { kind: "leader silent" };
    return undefined;
  }

  /** `forUs` is how long the tick took until here: the rest of the period is to spare, or as much again. */
  #write(forUs: number): void {
    const { leader, follower, drive, machine, clock } = this.#context;
    const tookUs = forUs + (leader.isSlow || follower.bus.roundTrip.isSlow ? this.#awaitExactGoals() : 0);
    // Directly before the goals: what is waited for before may bring them close to an answer.
    this.#waitedUs += this.#guard.settle(Math.max(this.#pacer.periodUs - tookUs - SLACK_US, tookUs));
    if (!this.#guard.mayMove(clock.nowUs())) return;
    drive.step(this.#targets);
    // A gripper that holds something is where it can be: the others need not wait for it.
    if (machine.state === "aligning" && drive.onlyStoppedAreAway) this.#enterFollowing();
  }

  /**
   * Behind a slow port goals come unevenly: they are written as soon as the speed limit allows all of their way. Returns
   * for how long it has waited, µs.
   */
  #awaitExactGoals(): number {
    const { drive, clock } = this.#context;
    const waitUs = drive.soonUs(this.#targets, EXACT_GOALS_WITHIN_US);
    if (waitUs > 0) clock.sleepUntilUs(clock.nowUs() + waitUs);
    this.#waitedUs += waitUs;
    return waitUs;
  }

  #enterFollowing(): void {
    const { drive, machine } = this.#context;
    const stopped = JOINTS.filter((_, joint) => drive.motionOf(joint).obstacleSide !== 0);
    machine.enter("following", [{ code: "pair.following", stopped }]);
  }

  /** What has time until the next tick; returns what must end the loop, if anything must. */
  #useSlack(startUs: number, fresh: boolean): LoopEnd | undefined {
    const { leader, follower, drive, overload, clock, monitors } = this.#context;
    const { verdict, joint } = this.#guard;
    if (verdict !== "well") return { kind: `follower ${verdict}`, joint };
    if (!this.#guard.isOwed && overload.isDue(startUs)) overload.cure(startUs);
    if (this.#mayAskFollower) this.#guard.request(clock.nowUs());
    if (fresh) leader.useSlack(clock.nowUs());
    this.#publish(startUs);
    for (let i = 0; i < monitors.length; i++) monitors[i]!.look();
    this.#alarms.look();
    this.#portAlarms.look();
    overload.observe(startUs, this.#targets[GRIPPER]!);
    drive.slow = follower.vitals.heat >= Heat.slow;
    return follower.vitals.heat === Heat.release ? { kind: "overheated" } : undefined;
  }

  /** After a tick that had to wait for a slow follower the next goals would meet its next answer. */
  get #mayAskFollower(): boolean {
    const { follower } = this.#context;
    if (!follower.bus.roundTrip.isSlow || this.#waitedForLeaderUs > this.#pacer.periodUs) return true;
    return this.#pacer.slackUs > SLOW_FOLLOWER_US;
  }

  /** Ends what the tick before began in its slack. A leader whose torque is on, whoever did that, loses it. */
  #endSlack(): void {
    const { leader, clock } = this.#context;
    leader.endSlack();
    const nowUs = clock.nowUs();
    if (!leader.mustLoseTorque(nowUs)) return;
    leader.switchTorqueOff(nowUs);
    this.#alarms.leaderHadTorque();
  }

  /**
   * Maps a leader's position. One that is more than half a turn from the one before has crossed the seam of its turn: its
   * target is at the other end of the follower's range, however short that is.
   */
  #aim(joint: number, position: number): void {
    const { drive, goalTables, leader } = this.#context;
    const way = Math.abs(position - this.#aimed[joint]!);
    this.#aimed[joint] = position;
    this.#targets[joint] = goalTables[joint]![position]!;
    if (!this.#hasTargets || leader.mayJump || way <= STEPS_PER_TURN / 2) return;
    this.#alarms.crossesSeam(joint);
    drive.align(joint);
  }

  /** Where the leader is now it cannot have gone by hand: the follower approaches that slowly. */
  #alignAfterJump(joint: number): void {
    for (let each = 0; each < JOINT_COUNT; each++) this.#context.drive.align(each);
    this.#alarms.leaderJumped(JOINTS[joint]!);
  }

  #publish(startUs: number): void {
    if (this.#sincePublished++ % PUBLISH_EVERY_TICKS === 0) this.#publishCounters();
    if (!this.#hasTargets) return;
    const { leader, drive, memory, machine } = this.#context;
    memory.telemetry.setPositions("leader", leader.shown);
    memory.telemetry.setJoints("follower", "goal", drive.goals);
    const { positions, positionsUs } = this.#guard;
    memory.samples.write(startUs, machine.state, leader.shown, drive.goals, positions, positionsUs);
  }

  #publishCounters(): void {
    const { monitors, alarms } = this.#context;
    alarms.look();
    for (let i = 0; i < monitors.length; i++) monitors[i]!.publish();
  }
}

/** From which lateness on a tick shows that the process did not run, µs, where a leader is waited for so long. */
export function stallFrom(holdAfterUs: number): number {
  return Math.max(holdAfterUs, STALL_US);
}

function stalled(us: number): LoopEnd {
  return { kind: "stalled", forMs: Math.round(us / 1e3) };
}
