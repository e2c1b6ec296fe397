/**
 * The follower's motion: the one place that writes goals and the one place that switches torque on.
 *
 * Whatever the caller asks for, and however often, no goal leaves here that is further from the one before, or from the
 * present position at torque on, than the speed limit allows in the time between, or outside the follower's calibrated
 * range, except on the way back into it.
 */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { SERVO_IDS as ids, isPosition } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { BusError } from "../../feetech/bus-error.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import { degrees, degreesToSteps } from "../../feetech/units.ts";
import { type GoalSpeeds, JointMotion, PRESS_STEPS, type Range } from "./joint-motion.ts";
import { StallGuard, type StallLimits } from "./stall-guard.ts";

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
 * A joint that is found with its torque on, this close to its goal, is held there by somebody before us and keeps its
 * goal: gravity accounts for the difference. Further away its goal is stale, unless it is the one that we gave it, …
 */
const HELD_WITHIN_STEPS = 114; // 10°
/** … but for one with its whole torque, which something keeps from its goal. */
const PRESSES_WITHIN_STEPS = 341; // 30°

/** How far a joint without torque may be moved by hand between reading its position and switching its torque on. */
const STILL_WITHIN_STEPS = 12; // 1°

const TORQUE_ON_TRIES = 5;

/**
 * However long ago the last goals were written, the next may differ from them by no more than this allows: after a
 * pause a hand is somewhere else, and the follower is not to be thrown there.
 */
const LONGEST_US = 50_000;
/** No more of the time between the goals before may be used than this. */
const BEFORE_AT_MOST_US = 20_000;

/** Drives the six joints of a follower. */
export class FollowerDrive {
  readonly #bus: Bus;
  readonly #motions: readonly JointMotion[];
  /** As last written; −1 where none has been. */
  readonly #goals = new Int32Array(JOINT_COUNT).fill(-1);
  readonly #velocities = new Int32Array(JOINT_COUNT).fill(-1);
  /** When the goals were written last. */
  #writtenUs = 0;
  /** How long before those the goals before were written. */
  #beforeUs = 0;
  readonly #alignVelocity: number;
  readonly #stalls: StallGuard;
  readonly #goalWrite = new WriteRequest(ids, spanOf("goal_position"));
  readonly #motionWrite = new WriteRequest(ids, spanOf("goal_position", "goal_velocity"));

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
    this.#goals.set(goals);
    this.#stalls = new StallGuard(limits.stall);
    this.#alignVelocity = Math.ceil(speeds.aligning * GOAL_VELOCITY_MARGIN);
  }

  /** The goals last written, in steps, in the joints' order; −1 where none has been. */
  get goals(): ArrayLike<number> {
    return this.#goals;
  }

  /** How a joint moves. */
  motionOf(joint: number): Pick<JointMotion, "mode" | "seenAt" | "obstacleSide" | "isEased" | "isSlow"> {
    return this.#motions[joint]!;
  }

  /**
   * Switches the torque on where the follower is: goal = present position first, verified, then torque. A joint
   * that is held already keeps its goal. All joints align from here on.
   * Throws {@link BusError} when a servo cannot be brought to this, {@link PortError} when the port is lost; those
   * whose torque is on by then hold still.
   */
  switchTorqueOn(): void {
    const found = new ReadRequest(ids, spanOf("torque_enable", "present_position"));
    // `max_torque_limit` reaches `torque_limit` only at power-up, and a release may have left that at nothing.
    const fullTorque = new ReadRequest(ids, spanOf("max_torque_limit"));
    this.#bus.readAll(fullTorque);
    this.#bus.readAll(found);
    this.#beforeUs = 0;
    for (let attempt = 0; attempt < TORQUE_ON_TRIES; attempt++) {
      const kept = this.#begin(found, fullTorque);
      this.#writeGoals("with velocities", this.#bus.clock.nowUs());
      this.#bus.readAll(found);
      const unsettled = this.#unsettledJoint(found, kept);
      if (unsettled === -1) {
        this.#enableTorque(found, fullTorque, kept);
        return;
      }
      if (attempt === TORQUE_ON_TRIES - 1) throw this.#doesNotSettle(unsettled, found);
    }
  }

  /**
   * Moves each joint's goal toward its target, in steps, by at most what the time since the last goals allows, and writes
   * the goals. Returns true when every goal has met its target since {@link switchTorqueOn}. Allocates nothing.
   */
  step(targets: ArrayLike<number>): boolean {
    const nowUs = this.#bus.clock.nowUs();
    const passedUs = nowUs - this.#writtenUs;
    const seconds = Math.min(passedUs, LONGEST_US) / 1e6;
    const beforeS = Math.min(this.#beforeUs, BEFORE_AT_MOST_US) / 1e6;
    this.#beforeUs = passedUs;
    let met = true;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const motion = this.#motions[joint]!;
      if (!motion.advance(targets[joint]!, seconds, beforeS)) met = false;
      this.#goals[joint] = motion.goal;
    }
    this.#writeGoals("with velocities that changed", nowUs);
    return met;
  }

  /**
   * Takes in where a joint is, in steps, and what it draws, in mA, to notice that something stops it, and that it has
   * pressed for too long. About ten times a second. Allocates nothing.
   */
  see(joint: number, position: number, currentMa = 0): void {
    const motion = this.#motions[joint]!;
    motion.see(position);
    if (motion.mode !== "obstructed") this.#stalls.forget(joint);
    else motion.lead = this.#stalls.leadOf(joint, position, currentMa, this.#bus.clock.nowUs(), PRESS_STEPS);
  }

  /** Lets a joint stay where it was seen last, its goal with it, until {@link resume}. */
  rest(joint: number): void {
    this.#motions[joint]!.rest();
  }

  /** Lets a joint that rests approach its target again. */
  resume(joint: number): void {
    this.#motions[joint]!.resume();
  }

  /** Has a joint approach its target at the aligning speed. */
  align(joint: number): void {
    this.#motions[joint]!.align();
  }

  /** Whether the follower moves at the aligning speed only. From slow to fast all joints align first. */
  set slow(slow: boolean) {
    for (let joint = 0; joint < JOINT_COUNT; joint++) this.#motions[joint]!.slow = slow;
  }

  /** Tells that a servo was seen with another goal velocity than the one it was sent: the next goals repeat it. */
  repeatVelocity(joint: number): void {
    this.#velocities[joint] = -1;
  }

  /** The goal velocity that a joint's servo should have, in steps/s; 0 is as fast as it can. */
  goalVelocity(joint: number): number {
    return this.#motions[joint]!.isSlow ? this.#alignVelocity : 0;
  }

  /** Begins every joint's motion where it is, or at the goal that it keeps; tells which joints keep theirs. */
  #begin(found: ReadRequest, fullTorque: ReadRequest): readonly boolean[] {
    const presents = ids.map((id, joint) => {
      const present = found.value(joint, "present_position");
      if (isPosition(present)) return present;
      throw new BusError(this.#bus, id, "corrupted", { register: "present_position", value: present });
    });
    return presents.map((present, joint) => {
      const goal = found.value(joint, "goal_position");
      const full = found.value(joint, "torque_limit") === fullTorque.value(joint, "max_torque_limit");
      const within = full ? PRESSES_WITHIN_STEPS : HELD_WITHIN_STEPS;
      const isOurs = full && goal === this.#goals[joint];
      const isHeld =
        found.value(joint, "torque_enable") === 1 && (isOurs || Math.abs(goal - present) <= within);
      this.#goals[joint] = isHeld ? goal : present;
      this.#motions[joint]!.begin(this.#goals[joint]!, present);
      return isHeld;
    });
  }

  /** The first joint that does not have the goal it was given, or has moved from it since; −1 when there is none. */
  #unsettledJoint(found: ReadRequest, kept: readonly boolean[]): number {
    return ids.findIndex((_, joint) => {
      const goal = found.value(joint, "goal_position");
      if (goal !== this.#goals[joint]) return true;
      const torqueIsOn = found.value(joint, "torque_enable") === 1;
      if (torqueIsOn && kept[joint]) return false;
      const distance = Math.abs(goal - found.value(joint, "present_position"));
      return distance > (torqueIsOn ? PRESSES_WITHIN_STEPS : STILL_WITHIN_STEPS);
    });
  }

  #doesNotSettle(joint: number, found: ReadRequest): BusError {
    return new BusError(this.#bus, ids[joint]!, "not written", {
      register: "goal_position",
      value: found.value(joint, "goal_position"),
      position: found.value(joint, "present_position"),
    });
  }

  #enableTorque(found: ReadRequest, fullTorque: ReadRequest, kept: readonly boolean[]): void {
    const limits = new WriteRequest(ids, spanOf("torque_limit"));
    const torque = new WriteRequest(ids, spanOf("torque_enable"));
    ids.forEach((_, joint) => {
      limits.set(joint, "torque_limit", fullTorque.value(joint, "max_torque_limit"));
      torque.set(joint, "torque_enable", 1);
    });
    this.#bus.send(limits);
    this.#bus.send(torque);
    this.#bus.readAll(found);
    // A servo that lost its power meanwhile has forgotten its goal: with torque it would snap to another.
    const unsettled = this.#unsettledJoint(found, kept);
    if (unsettled !== -1) throw this.#doesNotSettle(unsettled, found);
    ids.forEach((id, joint) => {
      const limit = fullTorque.value(joint, "max_torque_limit");
      if (found.value(joint, "torque_enable") !== 1) this.#bus.writeRam(id, "torque_enable", 1);
      if (found.value(joint, "torque_limit") !== limit) this.#bus.writeRam(id, "torque_limit", limit);
    });
  }

  /** Writes the goals, with the velocities where one is needed or has changed: the short packet is the rule. */
  #writeGoals(how: "with velocities" | "with velocities that changed", nowUs: number): void {
    let long = how === "with velocities";
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const velocity = this.goalVelocity(joint);
      if (velocity !== 0 || this.#velocities[joint] !== velocity) long = true;
      this.#velocities[joint] = velocity;
    }
    const write = long ? this.#motionWrite : this.#goalWrite;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      write.set(joint, "goal_position", this.#goals[joint]!);
      if (long) write.set(joint, "goal_velocity", this.#velocities[joint]!);
    }
    this.#bus.send(write);
    this.#writtenUs = nowUs;
  }
}
