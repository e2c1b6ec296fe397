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
import { errorBits } from "../../feetech/registers.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import { degrees, degreesToSteps } from "../../feetech/units.ts";
import { type Begun, isHeldInPlace, STILL_WITHIN_STEPS, unsettledJoint } from "./held.ts";
import { type GoalSpeeds, JointMotion, PRESS_STEPS, type Range } from "./joint-motion.ts";
import { JointOutOfRange, nearestIn, OUTSIDE_WITHIN_STEPS } from "./position-limits.ts";
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

const TORQUE_ON_TRIES = 5;
const RENEWAL_TRIES = 3;

/**
 * However long ago the last goals were written, the next may differ from them by no more than this allows: after a
 * pause a hand is somewhere else, and the follower is not to be thrown there.
 */
const LONGEST_US = 50_000;

/** Drives the six joints of a follower. */
export class FollowerDrive {
  readonly #bus: Bus;
  readonly #motions: readonly JointMotion[];
  /** As last written; −1 where none has been. */
  readonly #goals = new Int32Array(JOINT_COUNT).fill(-1);
  readonly #velocities = new Int32Array(JOINT_COUNT).fill(-1);
  /** When the goals were written last. */
  #writtenUs = 0;
  #onlyStopped = false;
  /** Steps/s: the ramp's, and the servos'. */
  readonly #alignSpeed: number;
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
    this.#alignSpeed = speeds.aligning;
    this.#alignVelocity = Math.ceil(this.#alignSpeed * GOAL_VELOCITY_MARGIN);
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
      this.#writeGoals("with velocities", this.#bus.clock.nowUs());
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
      this.#goals[joint] = motion.goal;
    }
    this.#writeGoals("with velocities that changed", nowUs);
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
    if (found.value(0, "torque_enable") !== 1) this.#bus.send(this.#torqueWithGoals([joint], found));
  }

  /** The torque together with the goal: a servo that lost its power just now has another goal, and would snap to it. */
  #torqueWithGoals(joints: readonly number[], found: ReadRequest): WriteRequest {
    const write = new WriteRequest(
      joints.map((joint) => ids[joint]!),
      spanOf("torque_enable", "goal_velocity"),
    );
    joints.forEach((joint, index) => {
      write.set(index, "torque_enable", 1);
      write.set(index, "acceleration", found.value(index, "acceleration"));
      write.set(index, "goal_position", this.#goals[joint]!);
      write.set(index, "goal_velocity", this.#velocities[joint]!);
    });
    return write;
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

  /**
   * Leads joints whose servos limit their speed to `targets` at the aligning speed, call by call, and lifts the limits of
   * those that are there. `found` is at least `torque_enable` to `present_position` of all servos, read just now; `passedUs` have
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
    const presents = ids.map((id, joint) => presentIn(found, joint, this.#bus, id));
    return presents.map((present, joint) => {
      const overloaded = (this.#bus.errorBytes[ids[joint]!]! & errorBits.overload) !== 0;
      const isHeld = isHeldInPlace(found, fullTorque, joint, { ours: this.#goals[joint]!, overloaded });
      this.#goals[joint] = isHeld ? found.value(joint, "goal_position") : present;
      this.#motions[joint]!.begin(this.#goals[joint]!, present);
      return isHeld ? "at the goal it keeps" : "where it is";
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

  /**
   * The torque comes with the goal, in one packet: a servo that lost its power since it was read has forgotten its goal,
   * and would snap to another.
   */
  #enableTorque(found: ReadRequest, fullTorque: ReadRequest, begun: readonly Begun[]): void {
    const limits = new WriteRequest(ids, spanOf("torque_limit"));
    const torque = this.#torqueWithGoals([...ids.keys()], found);
    ids.forEach((_, joint) => {
      limits.set(joint, "torque_limit", fullTorque.value(joint, "max_torque_limit"));
    });
    let silent: number | undefined = 0;
    for (let attempt = 0; attempt < TORQUE_ON_TRIES && silent !== undefined; attempt++) {
      this.#bus.send(limits);
      this.#writtenUs = this.#bus.clock.nowUs();
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

/** Where the servo at `index` of a read is. Throws {@link BusError} when that is no position. */
function presentIn(found: ReadRequest, index: number, bus: Bus, id: number): number {
  const present = found.value(index, "present_position");
  if (isPosition(present)) return present;
  throw new BusError(bus, id, "corrupted", { register: "present_position", value: present });
}
