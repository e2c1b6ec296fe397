/**
 * The follower's motion: the one place that decides on goals and on torque. goal-writer.ts sends them.
 *
 * Whatever the caller asks for, and however often, no goal leaves here that is further from the one before, or from the
 * present position at torque on, than the speed limit allows in the time between, or outside the follower's calibrated
 * range, except on the way back into it.
 */
import { JOINT_COUNT, JOINTS } from "../../arm/joints.ts";
import type { Bus } from "../../feetech/bus.ts";
import type { ReadRequest } from "../../feetech/requests.ts";
import { degrees, degreesToSteps } from "../../feetech/units.ts";
import { GoalWriter } from "./goal-writer.ts";
import { type GoalSpeeds, JointMotion, PRESS_STEPS, type Range } from "./joint-motion.ts";
import { StallGuard, type StallLimits } from "./stall-guard.ts";
import { TorqueSwitch } from "./torque-switch.ts";

/** The bounds of the follower's motion. */
export interface DriveLimits {
  readonly alignSpeedDegPerS: number;
  readonly followSpeedDegPerS: number;
  readonly stall: StallLimits;
}

/**
 * While a joint aligns the servo limits its speed too, to the ramp's and this much more, so that it keeps up with the
 * ramp.
 */
const GOAL_VELOCITY_MARGIN = 1.25;

/**
 * However long ago the last goals were written, the next may differ from them by no more than this allows: after a
 * pause a hand is somewhere else, and the follower is not to be thrown there.
 */
const LONGEST_US = 50_000;

/** Goals that are where they are to be are repeated so often, where nothing asks for them: one may have been lost. */
const REPEAT_EVERY_US = 100_000;

/** Drives the six joints of a follower. */
export class FollowerDrive {
  readonly #bus: Bus;
  readonly #motions: readonly JointMotion[];
  readonly #writer: GoalWriter;
  readonly #torque: TorqueSwitch;
  /** When the goals were written last. */
  #writtenUs = 0;
  #onlyStopped = false;
  /** Steps/s: the ramp's, and the servos'. */
  readonly #alignSpeed: number;
  readonly #alignVelocity: number;
  readonly #stalls: StallGuard;

  /** `goals` are those that a drive before has given these servos, which they may still have. */
  constructor(
    bus: Bus,
    ranges: readonly Range[],
    limits: DriveLimits,
    goals: ArrayLike<number> = new Int32Array(JOINT_COUNT).fill(-1),
  ) {
    const speeds: GoalSpeeds = {
      aligning: degreesToSteps(degrees(limits.alignSpeedDegPerS)),
      following: degreesToSteps(degrees(limits.followSpeedDegPerS)),
    };
    this.#bus = bus;
    this.#motions = ranges.map((range) => new JointMotion(range, speeds));
    this.#stalls = new StallGuard(limits.stall);
    this.#alignSpeed = speeds.aligning;
    this.#alignVelocity = Math.ceil(this.#alignSpeed * GOAL_VELOCITY_MARGIN);
    this.#writer = new GoalWriter(bus, goals);
    this.#torque = new TorqueSwitch(bus, this.#writer, this.#motions, this.#alignVelocity);
  }

  /** The goals last written, in steps, in the joints' order; −1 where none has been. */
  get goals(): ArrayLike<number> {
    return this.#writer.goals;
  }

  /** How a joint moves. */
  motionOf(joint: number): Pick<JointMotion, "mode" | "seenAt" | "obstacleSide" | "isEased" | "isSlow"> {
    return this.#motions[joint]!;
  }

  /**
   * Switches the torque on where the follower is: goal = present position first, verified, then torque. A joint
   * that is held already keeps its goal. All joints align from here on.
   * Throws {@link BusError} when a servo cannot be brought to this, {@link PortError} when the port is lost; those
   * whose torque is on by then hold still. Throws {@link JointOutOfRange} before any torque is switched on.
   */
  switchTorqueOn(): void {
    this.#writtenUs = this.#torque.on();
  }

  /**
   * Moves each joint's goal toward its target, in steps, by at most what the time since the last goals allows, and writes
   * the goals. Returns true when every goal has met its target since {@link switchTorqueOn}. Allocates nothing.
   */
  step(targets: ArrayLike<number>): boolean {
    const nowUs = this.#bus.clock.nowUs();
    const seconds = Math.min(nowUs - this.#writtenUs, LONGEST_US) / 1e6;
    let met = true;
    this.#onlyStopped = true;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const motion = this.#motions[joint]!;
      if (!motion.advance(targets[joint]!, seconds)) {
        met = false;
        if (motion.obstacleSide === 0) this.#onlyStopped = false;
      }
      this.#writer.set(joint, motion.goal, this.goalVelocity(joint));
    }
    this.#writer.writeAll("with velocities that changed");
    this.#writtenUs = nowUs;
    return met;
  }

  /**
   * How long until every joint that follows may be given its target itself, µs: a reading that comes late brings its goal
   * close to the next, whose reading is further away in time. 0 when they may be now, or not within `atMostUs`.
   */
  soonUs(targets: ArrayLike<number>, atMostUs: number): number {
    let seconds = 0;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      seconds = Math.max(seconds, this.#motions[joint]!.secondsTo(targets[joint]!));
    }
    const dueUs = this.#writtenUs + seconds * 1e6;
    const waitUs = dueUs - this.#bus.clock.nowUs();
    return waitUs > 0 && waitUs <= atMostUs && seconds * 1e6 <= LONGEST_US ? waitUs : 0;
  }

  /** Whether each joint follows, and has had its goal at its target since so short a time that it need not be said again. */
  restsAt(targets: ArrayLike<number>): boolean {
    if (this.#bus.clock.nowUs() - this.#writtenUs >= REPEAT_EVERY_US) return false;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      if (!this.#motions[joint]!.isAt(targets[joint]!)) return false;
    }
    return true;
  }

  /** Whether in the last {@link step} no joint was on its way to its target but those that something stops. */
  get onlyStoppedAreAway(): boolean {
    return this.#onlyStopped;
  }

  /**
   * Takes in where a joint is, how fast it moves, and what it draws, to notice that something stops it, and that it has
   * pressed for too long. About ten times a second. Allocates nothing.
   */
  see(joint: number, position: number, stepsPerS = 0, currentMa = 0): void {
    const motion = this.#motions[joint]!;
    motion.see(position, stepsPerS);
    if (motion.mode !== "obstructed") this.#stalls.forget(joint);
    else motion.lead = this.#stalls.leadOf(joint, position, currentMa, this.#bus.clock.nowUs(), PRESS_STEPS);
  }

  /**
   * Switches the torque of a joint that holds nothing off, and on again where it is, its goal verified first; it aligns
   * from there. Nothing may be owed by the bus. Blocks for about two replies.
   * Throws {@link BusError} when the servo cannot be brought to this, {@link PortError}.
   */
  renewTorque(joint: number): void {
    this.#torque.renew(joint);
  }

  /** Has a joint approach its target at the aligning speed. */
  align(joint: number): void {
    this.#motions[joint]!.align();
  }

  /**
   * Leads joints whose servos limit their speed to `targets` at the aligning speed, call by call, and lifts the limits of
   * those that are there. `found` is at least `torque_enable` to `present_position` of all servos, read just now; `passedUs` have
   * passed since the call before. Returns true when nothing is left to do. A joint without torque is left alone.
   */
  liftSpeedLimits(found: ReadRequest, targets: ArrayLike<number>, passedUs: number): boolean {
    const allowance = Math.floor((this.#alignSpeed * passedUs) / 1e6);
    const limited = JOINTS.flatMap((_, joint) => {
      const isLimited =
        found.value(joint, "torque_enable") === 1 && found.value(joint, "goal_velocity") !== 0;
      return isLimited ? joint : [];
    });
    if (limited.length === 0) return true;
    for (const joint of limited) {
      const goal = found.value(joint, "goal_position");
      const way = targets[joint]! - goal;
      const next = goal + Math.min(Math.max(way, -allowance), allowance);
      const velocity = way === 0 ? 0 : found.value(joint, "goal_velocity");
      this.#writer.set(joint, next, velocity);
    }
    this.#writer.writeOf(limited);
    return false;
  }

  /** Whether the follower moves at the aligning speed only. From slow to fast all joints align first. */
  set slow(slow: boolean) {
    for (let joint = 0; joint < JOINT_COUNT; joint++) this.#motions[joint]!.slow = slow;
  }

  /** Tells that a servo was seen with another goal velocity than the one it was sent: the next goals repeat it. */
  repeatVelocity(joint: number): void {
    this.#writer.forgetVelocity(joint);
  }

  /** The goal velocity that a joint's servo was sent last, in steps/s; −1 when it must be sent again. */
  sentVelocity(joint: number): number {
    return this.#writer.velocityOf(joint);
  }

  /** The goal velocity that a joint's servo should have, in steps/s; 0 is as fast as it can. */
  goalVelocity(joint: number): number {
    return this.#motions[joint]!.isSlow ? this.#alignVelocity : 0;
  }
}
