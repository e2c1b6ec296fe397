/**
 * The follower's motion: the one place that writes goals and the one place that switches torque on.
 *
 * Whatever the caller asks for, no goal leaves here that is further from the one before, or from the present
 * position at torque on, than the speed limit allows, or outside the follower's calibrated range, except on the
 * way back into it.
 */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { SERVO_IDS as ids, isPosition } from "../../arm/read.ts";
import { type Bus, BusError } from "../../feetech/bus.ts";
import { STEPS_PER_TURN } from "../../feetech/registers.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";

/** The bounds of the follower's motion. */
export interface DriveLimits {
  /** How often {@link FollowerDrive.step} is called. */
  readonly rateHz: number;
  readonly alignSpeedDegPerS: number;
  readonly followSpeedDegPerS: number;
}

/** The calibrated range of a joint, in steps. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * While a joint approaches the leader's pose the servo limits its speed too, to the ramp's and this much more,
 * so that it keeps up with the ramp.
 */
const GOAL_VELOCITY_MARGIN = 1.25;

/**
 * A joint that is found energised, this close to its goal, is held there by somebody before us and keeps its goal:
 * gravity accounts for the difference. Further away its goal is stale, unless it is the one that we gave it, …
 */
const HELD_WITHIN_STEPS = 114; // 10°
/** … but for one with its whole torque, which something keeps from its goal. */
const PRESSES_WITHIN_STEPS = 341; // 30°

/** How far a limp joint may be moved by hand between reading its position and switching its torque on. */
const STILL_WITHIN_STEPS = 12; // 1°

const ENERGISE_TRIES = 5;

/**
 * A joint this far behind its goal that does not move meets an obstacle. The position loop alone lags by 100 ms, which
 * is more than this only in fast motion, and a heavy arm droops by a few degrees.
 */
const OBSTRUCTED_FROM_STEPS = 284; // 25°
/** Not moved: between two readings of a joint, 90 ms apart. */
const UNMOVED_STEPS = 12; // 1°
const OBSTRUCTED_AFTER_READINGS = 2;
/** How far its goal stays ahead of it meanwhile: enough for the servo's whole force, and no more to snap back from. */
const PRESS_STEPS = 228; // 20°

/** Drives the six joints of a follower. */
export class FollowerDrive {
  /** The goals last written, in steps, in the joints' order; −1 where none has been. */
  readonly goals: Int32Array;
  /** 1 for a joint that approaches its target at the aligning speed, 0 for one that follows. */
  readonly approaching = new Uint8Array(JOINT_COUNT).fill(1);

  readonly #bus: Bus;
  readonly #min: Int32Array;
  readonly #max: Int32Array;
  readonly #alignStep: number;
  readonly #followStep: number;
  readonly #approachVelocity: number;
  /** Parts of a step that a joint has not used of its last tick's allowance. */
  readonly #carry = new Float64Array(JOINT_COUNT);
  /** From each goal to its target, as of the tick before. */
  readonly #distances = new Int32Array(JOINT_COUNT);
  readonly #goalWrite = new WriteRequest(ids, spanOf("goal_position"));
  readonly #motionWrite = new WriteRequest(ids, spanOf("goal_position", "goal_velocity"));
  /** Goal velocities as last written. */
  readonly #velocities = new Int32Array(JOINT_COUNT).fill(-1);
  /** The side on which a joint meets an obstacle, −1 or 1; 0 when it meets none. */
  readonly obstructed = new Int8Array(JOINT_COUNT);
  /** 1 for a joint that stays where it is, whatever its target. */
  readonly resting = new Uint8Array(JOINT_COUNT);
  /** Where each joint was seen last, … */
  readonly #seen = new Int32Array(JOINT_COUNT);
  /** … how often in a row behind its goal and unmoved, … */
  readonly #unmoved = new Uint8Array(JOINT_COUNT);
  /** … how far it got against an obstacle, and whether it was following then. */
  readonly #reached = new Int32Array(JOINT_COUNT);
  readonly #followed = new Uint8Array(JOINT_COUNT);
  /** 1 for a joint that kept the goal it had when it was found energised. */
  readonly #kept = new Uint8Array(JOINT_COUNT);
  #slow = false;

  /** `goals` are those of the drive before, which the servos may still have. */
  constructor(
    bus: Bus,
    ranges: readonly Range[],
    limits: DriveLimits,
    goals: Int32Array = new Int32Array(JOINT_COUNT).fill(-1),
  ) {
    this.#bus = bus;
    this.goals = goals;
    this.#min = Int32Array.from(ranges, ({ min }) => min);
    this.#max = Int32Array.from(ranges, ({ max }) => max);
    this.#alignStep = stepsPerTick(limits.alignSpeedDegPerS, limits.rateHz);
    this.#followStep = stepsPerTick(limits.followSpeedDegPerS, limits.rateHz);
    this.#approachVelocity = Math.ceil(this.#alignStep * limits.rateHz * GOAL_VELOCITY_MARGIN);
  }

  /**
   * Switches the torque on where the follower is: goal = present position first, verified, then torque. A joint
   * that is held already keeps its goal. All joints approach from here on.
   * Throws {@link BusError} when a servo cannot be brought to this, {@link PortError} when the port is lost; those
   * that are energised by then hold still.
   */
  energise(): void {
    const motion = new ReadRequest(ids, spanOf("torque_enable", "present_position"));
    // `max_torque_limit` reaches `torque_limit` only at power-up, and a release may have left that at nothing.
    const fullTorque = new ReadRequest(ids, spanOf("max_torque_limit"));
    this.#bus.readAll(fullTorque);
    this.#bus.readAll(motion);
    for (let attempt = 0; attempt < ENERGISE_TRIES; attempt++) {
      this.#chooseGoals(motion, fullTorque);
      this.#writeGoals(true);
      this.#bus.readAll(motion);
      if (this.#unsettledJoint(motion) === -1) {
        this.#switchOn(motion, fullTorque);
        return;
      }
    }
    const joint = this.#unsettledJoint(motion);
    const goal = motion.value(joint, "goal_position");
    const present = motion.value(joint, "present_position");
    throw new BusError(
      ids[joint]!,
      "not written",
      `${this.#bus.nameOf(ids[joint]!)} has the goal ${goal} and is at ${present}: it moves, or does not take its goal`,
    );
  }

  /**
   * Moves each joint's goal toward its target, in steps, by at most what one tick allows, and writes the goals.
   * Returns true when every goal has met its target since {@link energise}. Allocates nothing.
   */
  step(targets: Int32Array): boolean {
    let met = true;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const approaching = this.approaching[joint] === 1;
      const target = this.#aimOf(joint, targets[joint]!);
      const distance = target - this.goals[joint]!;
      // A goal that comes back to where its joint is drives it nowhere, and may be as fast as it was before.
      const retreats = this.obstructed[joint]! * distance < 0 || this.resting[joint] === 1;
      const slowly = approaching && !(retreats && this.#followed[joint] === 1);
      const allowance = (slowly ? this.#alignStep : this.#followStep) + this.#carry[joint]!;
      const limit = Math.floor(allowance);
      this.#carry[joint] = allowance - limit;
      this.goals[joint]! += Math.min(Math.max(distance, -limit), limit);
      if (this.resting[joint] === 1 || this.obstructed[joint] !== 0) {
        met = false;
        continue;
      }
      // A target that moves may pass the goal between two ticks: that is a meeting too.
      const passed = distance * this.#distances[joint]! < 0 && Math.abs(distance) <= this.#followStep;
      this.#distances[joint] = distance;
      if (Math.abs(distance) <= limit || passed) this.approaching[joint] = this.#slow ? 1 : 0;
      else if (approaching) met = false;
    }
    this.#writeGoals(false);
    return met;
  }

  /** Takes in where a joint is, to notice that something stops it. About ten times a second. Allocates nothing. */
  saw(joint: number, position: number): void {
    const ahead = this.goals[joint]! - position;
    const unmoved = Math.abs(position - this.#seen[joint]!) < UNMOVED_STEPS;
    this.#seen[joint] = position;
    const side = this.obstructed[joint]!;
    if (side !== 0) {
      // What pushes a joint back does not make its goal yield: else it would give way for ever.
      this.#reached[joint] = side * Math.max(side * this.#reached[joint]!, side * position);
      return;
    }
    if (!unmoved || Math.abs(ahead) <= OBSTRUCTED_FROM_STEPS) {
      this.#unmoved[joint] = 0;
    } else if (++this.#unmoved[joint]! >= OBSTRUCTED_AFTER_READINGS && this.resting[joint] === 0) {
      this.#unmoved[joint] = 0;
      this.obstructed[joint] = Math.sign(ahead);
      this.#reached[joint] = position;
      this.#followed[joint] = 1 - this.approaching[joint]!;
      this.approaching[joint] = 1;
    }
  }

  /** Where a joint was seen last, in steps. */
  positionOf(joint: number): number {
    return this.#seen[joint]!;
  }

  /** Lets a joint stay where it was seen last, its goal with it, until {@link resume}. */
  rest(joint: number): void {
    this.resting[joint] = 1;
    if (this.obstructed[joint] === 0) this.#followed[joint] = 1 - this.approaching[joint]!;
    this.obstructed[joint] = 0;
    this.#reached[joint] = this.#seen[joint]!;
  }

  /** Lets a joint that rests approach its target again. */
  resume(joint: number): void {
    this.resting[joint] = 0;
    this.approaching[joint] = 1;
    this.#followed[joint] = 0;
    this.#distances[joint] = 0;
  }

  /** Whether the follower moves at the aligning speed only. From slow to fast all joints approach first. */
  set slow(slow: boolean) {
    if (slow === this.#slow) return;
    this.#slow = slow;
    this.approaching.fill(1);
  }

  /** Where a joint's goal may go: to its target within the calibrated range, but against an obstacle only so far. */
  #aimOf(joint: number, wanted: number): number {
    if (this.resting[joint] === 1) return this.#reached[joint]!;
    const target = Math.min(Math.max(wanted, this.#min[joint]!), this.#max[joint]!);
    const side = this.obstructed[joint]!;
    if (side === 0) return target;
    const furthest = this.#reached[joint]! + side * PRESS_STEPS;
    if ((target - furthest) * side > 0) return furthest;
    this.obstructed[joint] = 0;
    this.#distances[joint] = 0;
    // Away from the obstacle at once, but to where it was slowly.
    const beside = (target - this.#seen[joint]!) * side <= 0;
    if (beside && this.#followed[joint] === 1) this.approaching[joint] = 0;
    return target;
  }

  /** Tells that a servo was seen with another goal velocity than the one it was sent: the next goals repeat it. */
  repeatVelocity(joint: number): void {
    this.#velocities[joint] = -1;
  }

  /** The goal velocity that a joint's servo should have, in steps/s; 0 is as fast as it can. */
  goalVelocity(joint: number): number {
    return this.approaching[joint] === 1 ? this.#approachVelocity : 0;
  }

  #chooseGoals(motion: ReadRequest, fullTorque: ReadRequest): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const present = motion.value(joint, "present_position");
      if (!isPosition(present)) {
        const name = this.#bus.nameOf(ids[joint]!);
        throw new BusError(ids[joint]!, "corrupted", `${name} reports ${present}, which is no position`);
      }
      const goal = motion.value(joint, "goal_position");
      const full = motion.value(joint, "torque_limit") === fullTorque.value(joint, "max_torque_limit");
      const within = full ? PRESSES_WITHIN_STEPS : HELD_WITHIN_STEPS;
      const isOurs = full && goal === this.goals[joint];
      const held =
        motion.value(joint, "torque_enable") === 1 && (isOurs || Math.abs(goal - present) <= within);
      this.#kept[joint] = held ? 1 : 0;
      this.goals[joint] = held ? goal : present;
      this.approaching[joint] = 1;
      this.obstructed[joint] = 0;
      this.resting[joint] = 0;
      this.#seen[joint] = present;
      this.#unmoved[joint] = 0;
      this.#carry[joint] = 0;
      this.#distances[joint] = 0;
    }
  }

  /** The first joint that does not hold the goal it was given, or has moved from it since; −1 when there is none. */
  #unsettledJoint(motion: ReadRequest): number {
    return ids.findIndex((_, joint) => {
      const goal = motion.value(joint, "goal_position");
      const distance = Math.abs(goal - motion.value(joint, "present_position"));
      const energised = motion.value(joint, "torque_enable") === 1;
      if (energised && this.#kept[joint] === 1) return goal !== this.goals[joint];
      return goal !== this.goals[joint] || distance > (energised ? PRESSES_WITHIN_STEPS : STILL_WITHIN_STEPS);
    });
  }

  #switchOn(motion: ReadRequest, fullTorque: ReadRequest): void {
    const limits = new WriteRequest(ids, spanOf("torque_limit"));
    const torque = new WriteRequest(ids, spanOf("torque_enable"));
    ids.forEach((_, joint) => {
      limits.set(joint, "torque_limit", fullTorque.value(joint, "max_torque_limit"));
      torque.set(joint, "torque_enable", 1);
    });
    this.#bus.send(limits);
    this.#bus.send(torque);
    this.#bus.readAll(motion);
    ids.forEach((id, joint) => {
      const limit = fullTorque.value(joint, "max_torque_limit");
      if (motion.value(joint, "torque_enable") !== 1) this.#bus.writeRam(id, "torque_enable", 1);
      if (motion.value(joint, "torque_limit") !== limit) this.#bus.writeRam(id, "torque_limit", limit);
    });
  }

  /** Writes the goals, with the velocities where one of them has changed: the short packet is the rule. */
  #writeGoals(force: boolean): void {
    let whole = force;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const velocity = this.goalVelocity(joint);
      if (velocity !== 0 || this.#velocities[joint] !== velocity) whole = true;
      this.#velocities[joint] = velocity;
    }
    const write = whole ? this.#motionWrite : this.#goalWrite;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      write.set(joint, "goal_position", this.goals[joint]!);
      if (whole) write.set(joint, "goal_velocity", this.#velocities[joint]!);
    }
    this.#bus.send(write);
  }
}

function stepsPerTick(speedDegPerS: number, rateHz: number): number {
  return (speedDegPerS / 360) * (STEPS_PER_TURN / rateHz);
}
