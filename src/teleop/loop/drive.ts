/**
 * The follower's motion: the one place that writes goals and the one place that switches torque on.
 *
 * Whatever the caller asks for, no goal leaves here that is further from the one before, or from the present
 * position at torque on, than the speed limit allows, or outside the follower's calibrated range, except on the
 * way back into it.
 */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { SERVO_IDS as ids, isPosition } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { BusError } from "../../feetech/bus-error.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import { degrees, degreesToSteps } from "../../feetech/units.ts";
import { type Begun, isHeldInPlace, unsettledJoint } from "./held.ts";
import { JointMotion, type Range, type TickAllowances } from "./joint-motion.ts";
import { JointOutOfRange, nearestIn, OUTSIDE_WITHIN_STEPS } from "./position-limits.ts";

/** The bounds of the follower's motion. */
export interface DriveLimits {
  /** How often {@link FollowerDrive.step} is called. */
  readonly rateHz: number;
  readonly alignSpeedDegPerS: number;
  readonly followSpeedDegPerS: number;
}

/**
 * While a joint aligns the servo limits its speed too, to the ramp's and this much more, so that it keeps up with the
 * ramp.
 */
const GOAL_VELOCITY_MARGIN = 1.25;

const TORQUE_ON_TRIES = 5;

/** Drives the six joints of a follower. */
export class FollowerDrive {
  readonly #bus: Bus;
  readonly #motions: readonly JointMotion[];
  /** As last written; −1 where none has been. */
  readonly #goals = new Int32Array(JOINT_COUNT).fill(-1);
  readonly #velocities = new Int32Array(JOINT_COUNT).fill(-1);
  /** Steps/s: the ramp's, and the servos'. */
  readonly #alignSpeed: number;
  readonly #alignVelocity: number;
  readonly #goalWrite = new WriteRequest(ids, spanOf("goal_position"));
  readonly #motionWrite = new WriteRequest(ids, spanOf("goal_position", "goal_velocity"));

  /** `goals` are those that a drive before has given these servos, which they may still have. */
  constructor(
    bus: Bus,
    ranges: readonly Range[],
    limits: DriveLimits,
    goals: ArrayLike<number> = new Int32Array(JOINT_COUNT).fill(-1),
  ) {
    const allowances: TickAllowances = {
      aligning: stepsPerTick(limits.alignSpeedDegPerS, limits.rateHz),
      following: stepsPerTick(limits.followSpeedDegPerS, limits.rateHz),
    };
    this.#bus = bus;
    this.#motions = ranges.map((range) => new JointMotion(range, allowances));
    this.#goals.set(goals);
    this.#alignSpeed = degreesToSteps(degrees(limits.alignSpeedDegPerS));
    this.#alignVelocity = Math.ceil(this.#alignSpeed * GOAL_VELOCITY_MARGIN);
  }

  /** The goals last written, in steps, in the joints' order; −1 where none has been. */
  get goals(): ArrayLike<number> {
    return this.#goals;
  }

  /** How a joint moves. */
  motionOf(joint: number): Pick<JointMotion, "mode" | "seenAt" | "obstacleSide" | "isSlow"> {
    return this.#motions[joint]!;
  }

  /**
   * Switches the torque on where the follower is: goal = present position first, verified, then torque. A joint
   * that is held already keeps its goal. All joints align from here on.
   * Throws {@link BusError} when a servo cannot be brought to this, {@link PortError} when the port is lost; those
   * whose torque is on by then hold still. Throws {@link JointOutOfRange} before any torque is switched on.
   */
  switchTorqueOn(): void {
    const found = new ReadRequest(ids, spanOf("torque_enable", "present_position"));
    // `max_torque_limit` reaches `torque_limit` only at power-up, and a release may have left that at nothing.
    const fullTorque = new ReadRequest(ids, spanOf("max_torque_limit"));
    const limits = new ReadRequest(ids, spanOf("min_position_limit", "max_position_limit"));
    this.#bus.readAll(fullTorque);
    this.#bus.readAll(limits);
    this.#bus.readAll(found);
    this.#refuseFarOutside(found, limits, fullTorque);
    for (let attempt = 0; attempt < TORQUE_ON_TRIES; attempt++) {
      const begun = this.#begin(found, fullTorque);
      this.#writeGoals("with velocities");
      this.#bus.readAll(found);
      this.#takeClamped(found, limits, begun);
      const unsettled = unsettledJoint(found, this.#goals, begun);
      if (unsettled === -1) {
        this.#enableTorque(found, fullTorque, begun);
        return;
      }
      if (attempt === TORQUE_ON_TRIES - 1) throw this.#doesNotSettle(unsettled, found);
    }
  }

  /**
   * Moves each joint's goal toward its target, in steps, by at most what one tick allows, and writes the goals.
   * Returns true when every goal has met its target since {@link switchTorqueOn}. Allocates nothing.
   */
  step(targets: ArrayLike<number>): boolean {
    let met = true;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const motion = this.#motions[joint]!;
      if (!motion.advance(targets[joint]!)) met = false;
      this.#goals[joint] = motion.goal;
    }
    this.#writeGoals("with velocities that changed");
    return met;
  }

  /** Takes in where a joint is, to notice that something stops it. About ten times a second. Allocates nothing. */
  see(joint: number, position: number): void {
    this.#motions[joint]!.see(position);
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

  /**
   * Leads joints whose servos limit their speed to `targets` at the aligning speed, call by call, and lifts the limits of
   * those that are there. `found` is `torque_enable` to `present_position` of all servos, read just now; `passedUs` have
   * passed since the call before. Returns true when nothing is left to do. A joint without torque is left alone.
   */
  liftSpeedLimits(found: ReadRequest, targets: ArrayLike<number>, passedUs: number): boolean {
    const allowance = Math.floor((this.#alignSpeed * passedUs) / 1e6);
    const limited = ids.flatMap((id, joint) => {
      const isLimited =
        found.value(joint, "torque_enable") === 1 && found.value(joint, "goal_velocity") !== 0;
      return isLimited ? { id, joint } : [];
    });
    if (limited.length === 0) return true;
    const write = new WriteRequest(
      limited.map(({ id }) => id),
      spanOf("goal_position", "goal_velocity"),
    );
    limited.forEach(({ joint }, index) => {
      const goal = found.value(joint, "goal_position");
      const way = targets[joint]! - goal;
      this.#goals[joint] = goal + Math.min(Math.max(way, -allowance), allowance);
      write.set(index, "goal_position", this.#goals[joint]);
      write.set(index, "goal_velocity", way === 0 ? 0 : found.value(joint, "goal_velocity"));
    });
    this.#bus.send(write);
    return false;
  }

  /** Whether the follower moves at the aligning speed only. From slow to fast all joints align first. */
  set slow(slow: boolean) {
    for (let joint = 0; joint < JOINT_COUNT; joint++) this.#motions[joint]!.slow = slow;
  }

  /** Tells that a servo was seen with another goal velocity than the one it was sent: the next goals repeat it. */
  repeatVelocity(joint: number): void {
    this.#velocities[joint] = -1;
  }

  /** The goal velocity that a joint's servo was sent last, in steps/s; −1 when it must be sent again. */
  sentVelocity(joint: number): number {
    return this.#velocities[joint]!;
  }

  /** The goal velocity that a joint's servo should have, in steps/s; 0 is as fast as it can. */
  goalVelocity(joint: number): number {
    return this.#motions[joint]!.isSlow ? this.#alignVelocity : 0;
  }

  /**
   * Firmware that takes no goal outside of the limits would drive a joint that is far outside to the limit as soon as its
   * torque is on. Whether it is such is tried on the joint alone and without any force, and undone.
   */
  #refuseFarOutside(found: ReadRequest, limits: ReadRequest, fullTorque: ReadRequest): void {
    ids.forEach((id, joint) => {
      const present = found.value(joint, "present_position");
      const nearest = nearestIn(limits, joint, present);
      const outside = Math.abs(present - nearest);
      const isLimp = found.value(joint, "torque_enable") === 0;
      if (!isLimp || !isPosition(present) || outside <= OUTSIDE_WITHIN_STEPS) return;
      const motion = new WriteRequest([id], spanOf("goal_position", "goal_velocity"));
      motion.set(0, "goal_position", present);
      motion.set(0, "goal_velocity", this.#alignVelocity);
      this.#bus.writeRam(id, "torque_limit", 0);
      for (let attempt = 0; attempt < TORQUE_ON_TRIES; attempt++) {
        this.#bus.send(motion);
        const goal = this.#bus.read(id, "goal_position");
        if (goal === present) return;
        if (goal !== nearest) continue;
        this.#bus.writeRam(id, "torque_enable", 0);
        this.#bus.writeRam(id, "torque_limit", fullTorque.value(joint, "max_torque_limit"));
        throw new JointOutOfRange(joint, outside);
      }
    });
  }

  /** Takes the limit for the goal of a joint beside its range whose firmware has done so, if it goes there slowly. */
  #takeClamped(found: ReadRequest, limits: ReadRequest, begun: Begun[]): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const goal = found.value(joint, "goal_position");
      const present = found.value(joint, "present_position");
      const isClamped = goal !== this.#goals[joint] && goal === nearestIn(limits, joint, this.#goals[joint]!);
      const isNear = Math.abs(goal - present) <= OUTSIDE_WITHIN_STEPS;
      if (!isClamped || !isNear || found.value(joint, "goal_velocity") !== this.#alignVelocity) continue;
      this.#goals[joint] = goal;
      this.#motions[joint]!.begin(goal, present);
      begun[joint] = "beside its goal";
    }
  }

  /** Begins every joint's motion where it is, or at the goal that it keeps. */
  #begin(found: ReadRequest, fullTorque: ReadRequest): Begun[] {
    const presents = ids.map((id, joint) => {
      const present = found.value(joint, "present_position");
      if (isPosition(present)) return present;
      throw new BusError(this.#bus, id, "corrupted", { register: "present_position", value: present });
    });
    return presents.map((present, joint) => {
      const isHeld = isHeldInPlace(found, fullTorque, joint, this.#goals[joint]!);
      this.#goals[joint] = isHeld ? found.value(joint, "goal_position") : present;
      this.#motions[joint]!.begin(this.#goals[joint]!, present);
      return isHeld ? "at the goal it keeps" : "where it is";
    });
  }

  #doesNotSettle(joint: number, found: ReadRequest): BusError {
    return new BusError(this.#bus, ids[joint]!, "not written", {
      register: "goal_position",
      value: found.value(joint, "goal_position"),
      position: found.value(joint, "present_position"),
    });
  }

  /**
   * The torque comes with the goal, in one packet: a servo that lost its power since it was read has forgotten its goal,
   * and would snap to another.
   */
  #enableTorque(found: ReadRequest, fullTorque: ReadRequest, begun: readonly Begun[]): void {
    const limits = new WriteRequest(ids, spanOf("torque_limit"));
    const torque = new WriteRequest(ids, spanOf("torque_enable", "goal_velocity"));
    ids.forEach((_, joint) => {
      limits.set(joint, "torque_limit", fullTorque.value(joint, "max_torque_limit"));
      torque.set(joint, "torque_enable", 1);
      torque.set(joint, "acceleration", found.value(joint, "acceleration"));
      torque.set(joint, "goal_position", this.#goals[joint]!);
      torque.set(joint, "goal_velocity", this.#velocities[joint]!);
    });
    let silent: number | undefined = 0;
    for (let attempt = 0; attempt < TORQUE_ON_TRIES && silent !== undefined; attempt++) {
      this.#bus.send(limits);
      this.#bus.send(torque);
      this.#bus.readAll(found);
      const unsettled = unsettledJoint(found, this.#goals, begun);
      if (unsettled !== -1) throw this.#doesNotSettle(unsettled, found);
      silent = ids.find((_, joint) => found.value(joint, "torque_enable") !== 1);
    }
    if (silent !== undefined) {
      throw new BusError(this.#bus, silent, "not written", { register: "torque_enable", value: 1 });
    }
    ids.forEach((id, joint) => {
      const limit = fullTorque.value(joint, "max_torque_limit");
      if (found.value(joint, "torque_limit") !== limit) this.#bus.writeRam(id, "torque_limit", limit);
    });
  }

  /** Writes the goals, with the velocities where one is needed or has changed: the short packet is the rule. */
  #writeGoals(how: "with velocities" | "with velocities that changed"): void {
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
  }
}

function stepsPerTick(speedDegPerS: number, rateHz: number): number {
  return degreesToSteps(degrees(speedDegPerS)) / rateHz;
}
