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
import { errorBits } from "../../feetech/registers.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import { degrees, degreesToSteps } from "../../feetech/units.ts";
import { JointMotion, type Range, type TickAllowances } from "./joint-motion.ts";

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

/**
 * A joint that is found with its torque on, this close to its goal, is held there by somebody before us and keeps its
 * goal: gravity accounts for the difference. Further away its goal is stale, unless it is the one that we gave it, …
 */
const HELD_WITHIN_STEPS = 114; // 10°
/** … but for one with its whole torque, which something keeps from its goal: at any distance when it is overloaded. */
const PRESSES_WITHIN_STEPS = 341; // 30°

/** How far a joint without torque may be moved by hand between reading its position and switching its torque on. */
const STILL_WITHIN_STEPS = 12; // 1°

const TORQUE_ON_TRIES = 5;
const RENEWAL_TRIES = 3;

/** Drives the six joints of a follower. */
export class FollowerDrive {
  readonly #bus: Bus;
  readonly #motions: readonly JointMotion[];
  /** As last written; −1 where none has been. */
  readonly #goals = new Int32Array(JOINT_COUNT).fill(-1);
  readonly #velocities = new Int32Array(JOINT_COUNT).fill(-1);
  #onlyStopped = false;
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
    this.#alignVelocity = Math.ceil(allowances.aligning * limits.rateHz * GOAL_VELOCITY_MARGIN);
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
   * whose torque is on by then hold still.
   */
  switchTorqueOn(): void {
    const found = new ReadRequest(ids, spanOf("torque_enable", "present_position"));
    // `max_torque_limit` reaches `torque_limit` only at power-up, and a release may have left that at nothing.
    const fullTorque = new ReadRequest(ids, spanOf("max_torque_limit"));
    this.#bus.readAll(fullTorque);
    this.#bus.readAll(found);
    for (let attempt = 0; attempt < TORQUE_ON_TRIES; attempt++) {
      const kept = this.#begin(found, fullTorque);
      this.#writeGoals("with velocities");
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
   * Moves each joint's goal toward its target, in steps, by at most what one tick allows, and writes the goals.
   * Returns true when every goal has met its target since {@link switchTorqueOn}. Allocates nothing.
   */
  step(targets: ArrayLike<number>): boolean {
    let met = true;
    this.#onlyStopped = true;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const motion = this.#motions[joint]!;
      if (!motion.advance(targets[joint]!)) {
        met = false;
        if (motion.obstacleSide === 0) this.#onlyStopped = false;
      }
      this.#goals[joint] = motion.goal;
    }
    this.#writeGoals("with velocities that changed");
    return met;
  }

  /** Whether in the last {@link step} no joint was on its way to its target but those that something stops. */
  get onlyStoppedAreAway(): boolean {
    return this.#onlyStopped;
  }

  /**
   * Takes in where a joint is, and how fast it moves, to notice that something stops it. About ten times a second.
   * Allocates nothing.
   */
  see(joint: number, position: number, stepsPerS = 0): void {
    this.#motions[joint]!.see(position, stepsPerS);
  }

  /**
   * Switches the torque of a joint that holds nothing off, and on again where it is, its goal verified first; it aligns
   * from there. Nothing may be owed by the bus. Blocks for about two replies.
   * Throws {@link BusError} when the servo cannot be brought to this, {@link PortError}.
   */
  renewTorque(joint: number): void {
    const id = ids[joint]!;
    const found = new ReadRequest([id], spanOf("torque_enable", "present_position"));
    // A sync write's values are 0 unless set; nobody answers it, so that the reading is the only reply to wait for.
    const torque = new WriteRequest([id], spanOf("torque_enable"));
    for (let attempt = 0; attempt === 0 || found.value(0, "torque_enable") !== 0; attempt++) {
      if (attempt === RENEWAL_TRIES) {
        throw new BusError(this.#bus, id, "not written", { register: "torque_enable", value: 0 });
      }
      this.#bus.send(torque);
      this.#bus.readAll(found);
    }
    const motion = new WriteRequest([id], spanOf("goal_position", "goal_velocity"));
    for (let attempt = 0; attempt === 0 || !this.#isWhereItsGoalIs(joint, found); attempt++) {
      if (attempt === RENEWAL_TRIES) throw this.#doesNotSettle(joint, found, 0);
      const present = presentIn(found, 0, this.#bus, id);
      this.#goals[joint] = present;
      this.#motions[joint]!.begin(present, present);
      this.#velocities[joint] = this.goalVelocity(joint);
      motion.set(0, "goal_position", present);
      motion.set(0, "goal_velocity", this.#velocities[joint]);
      this.#bus.send(motion);
      this.#bus.readAll(found);
    }
    // A goal may have switched it on.
    torque.set(0, "torque_enable", 1);
    if (found.value(0, "torque_enable") !== 1) this.#bus.send(torque);
  }

  #isWhereItsGoalIs(joint: number, found: ReadRequest): boolean {
    const goal = found.value(0, "goal_position");
    const distance = Math.abs(goal - found.value(0, "present_position"));
    return goal === this.#goals[joint] && distance <= STILL_WITHIN_STEPS;
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
    const presents = ids.map((id, joint) => presentIn(found, joint, this.#bus, id));
    return presents.map((present, joint) => {
      const goal = found.value(joint, "goal_position");
      const full = found.value(joint, "torque_limit") === fullTorque.value(joint, "max_torque_limit");
      const within = full ? PRESSES_WITHIN_STEPS : HELD_WITHIN_STEPS;
      // One that is overloaded has pressed for seconds: with its goal where it is, it would drop what it holds.
      const overloaded = (this.#bus.errorBytes[ids[joint]!]! & errorBits.overload) !== 0;
      const mustKeep = full && (overloaded || goal === this.#goals[joint]);
      const isHeld =
        found.value(joint, "torque_enable") === 1 && (mustKeep || Math.abs(goal - present) <= within);
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

  /** `index` is the joint's place in what was read. */
  #doesNotSettle(joint: number, found: ReadRequest, index = joint): BusError {
    return new BusError(this.#bus, ids[joint]!, "not written", {
      register: "goal_position",
      value: found.value(index, "goal_position"),
      position: found.value(index, "present_position"),
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

/** Where the servo at `index` of a read is. Throws {@link BusError} when that is no position. */
function presentIn(found: ReadRequest, index: number, bus: Bus, id: number): number {
  const present = found.value(index, "present_position");
  if (isPosition(present)) return present;
  throw new BusError(bus, id, "corrupted", { register: "present_position", value: present });
}

function stepsPerTick(speedDegPerS: number, rateHz: number): number {
  return degreesToSteps(degrees(speedDegPerS)) / rateHz;
}
