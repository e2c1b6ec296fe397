/** The switch of the follower's torque: on where each joint is, its goal verified first, or at the goal that it keeps. */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { SERVO_IDS as ids, isPosition } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { BusError } from "../../feetech/bus-error.ts";
import { errorBits } from "../../feetech/registers.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import type { GoalWriter } from "./goal-writer.ts";
import { type Begun, isHeldInPlace, STILL_WITHIN_STEPS, unsettledJoint } from "./held.ts";
import type { JointMotion } from "./joint-motion.ts";
import { JointOutOfRange, nearestIn, OUTSIDE_WITHIN_STEPS } from "./position-limits.ts";

const TORQUE_ON_TRIES = 5;
const RENEWAL_TRIES = 3;

/** Switches the torque of six joints, which align from there. */
export class TorqueSwitch {
  readonly #bus: Bus;
  readonly #writer: GoalWriter;
  readonly #motions: readonly JointMotion[];
  /** How fast a servo may be while its joint aligns, steps/s. */
  readonly #alignVelocity: number;

  constructor(bus: Bus, writer: GoalWriter, motions: readonly JointMotion[], alignVelocity: number) {
    this.#bus = bus;
    this.#writer = writer;
    this.#motions = motions;
    this.#alignVelocity = alignVelocity;
  }

  /**
   * Switches the torque on where the follower is: goal = present position first, verified, then torque. A joint
   * that is held already keeps its goal. All joints align from here on. Returns when the goals were written last, µs.
   * Throws {@link BusError} when a servo cannot be brought to this, {@link PortError} when the port is lost; those
   * whose torque is on by then hold still. Throws {@link JointOutOfRange} before any torque is switched on.
   */
  on(): number {
    const found = new ReadRequest(ids, spanOf("torque_enable", "present_position"));
    // `max_torque_limit` reaches `torque_limit` only at power-up, and a release may have left that at nothing.
    const fullTorque = new ReadRequest(ids, spanOf("max_torque_limit"));
    const limits = new ReadRequest(ids, spanOf("min_position_limit", "max_position_limit"));
    this.#bus.readAll(fullTorque);
    this.#bus.readAll(limits);
    this.#bus.readAll(found);
    this.#refuseFarOutside(found, limits, fullTorque);
    for (let attempt = 0; ; attempt++) {
      const begun = this.#begin(found, fullTorque);
      this.#writer.writeAll("with velocities");
      this.#bus.readAll(found);
      this.#takeClamped(found, limits, begun);
      const unsettled = unsettledJoint(found, this.#writer.goals, begun);
      if (unsettled === -1) return this.#enableTorque(found, fullTorque, begun);
      if (attempt === TORQUE_ON_TRIES - 1) throw this.#doesNotSettle(unsettled, found);
    }
  }

  /**
   * Switches the torque of a joint that holds nothing off, and on again where it is, its goal verified first; it aligns
   * from there. Nothing may be owed by the bus. Blocks for about two replies.
   * Throws {@link BusError} when the servo cannot be brought to this, {@link PortError}.
   */
  renew(joint: number): void {
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
    for (let attempt = 0; attempt === 0 || !this.#isWhereItsGoalIs(joint, found); attempt++) {
      if (attempt === RENEWAL_TRIES) throw this.#doesNotSettle(joint, found, 0);
      const present = presentIn(found, 0, this.#bus, id);
      this.#beginAt(joint, present, present);
      this.#writer.writeOf([joint]);
      this.#bus.readAll(found);
    }
    // A goal may have switched it on.
    if (found.value(0, "torque_enable") !== 1) this.#writer.switchTorqueOn([joint], found);
  }

  #isWhereItsGoalIs(joint: number, found: ReadRequest): boolean {
    const goal = found.value(0, "goal_position");
    const distance = Math.abs(goal - found.value(0, "present_position"));
    return goal === this.#writer.goals[joint] && distance <= STILL_WITHIN_STEPS;
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
      this.#writer.set(joint, present, this.#alignVelocity);
      this.#bus.writeRam(id, "torque_limit", 0);
      for (let attempt = 0; attempt < TORQUE_ON_TRIES; attempt++) {
        this.#writer.writeOf([joint]);
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
      const isClamped =
        goal !== this.#writer.goals[joint] && goal === nearestIn(limits, joint, this.#writer.goals[joint]!);
      const isNear = Math.abs(goal - present) <= OUTSIDE_WITHIN_STEPS;
      if (!isClamped || !isNear || found.value(joint, "goal_velocity") !== this.#alignVelocity) continue;
      this.#beginAt(joint, goal, present);
      begun[joint] = "beside its goal";
    }
  }

  /** Begins every joint's motion where it is, or at the goal that it keeps. */
  #begin(found: ReadRequest, fullTorque: ReadRequest): Begun[] {
    const presents = ids.map((id, joint) => presentIn(found, joint, this.#bus, id));
    return presents.map((present, joint) => {
      const overloaded = (this.#bus.errorBytes[ids[joint]!]! & errorBits.overload) !== 0;
      const isHeld = isHeldInPlace(found, fullTorque, joint, {
        ours: this.#writer.goals[joint]!,
        overloaded,
      });
      this.#beginAt(joint, isHeld ? found.value(joint, "goal_position") : present, present);
      return isHeld ? "at the goal it keeps" : "where it is";
    });
  }

  #beginAt(joint: number, goal: number, present: number): void {
    this.#motions[joint]!.begin(goal, present);
    this.#writer.set(joint, goal, this.#alignVelocity);
  }

  /** `index` is the joint's place in what was read. */
  #doesNotSettle(joint: number, found: ReadRequest, index = joint): BusError {
    return new BusError(this.#bus, ids[joint]!, "not written", {
      register: "goal_position",
      value: found.value(index, "goal_position"),
      position: found.value(index, "present_position"),
    });
  }

  /** Returns when the goals were written last, µs. */
  #enableTorque(found: ReadRequest, fullTorque: ReadRequest, begun: readonly Begun[]): number {
    const limits = new WriteRequest(ids, spanOf("torque_limit"));
    ids.forEach((_, joint) => {
      limits.set(joint, "torque_limit", fullTorque.value(joint, "max_torque_limit"));
    });
    let silent: number | undefined = 0;
    let writtenUs = 0;
    for (let attempt = 0; attempt < TORQUE_ON_TRIES && silent !== undefined; attempt++) {
      this.#bus.send(limits);
      writtenUs = this.#bus.clock.nowUs();
      this.#writer.switchTorqueOn([...ids.keys()], found);
      this.#bus.readAll(found);
      const unsettled = unsettledJoint(found, this.#writer.goals, begun);
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
    return writtenUs;
  }
}

/** Where the servo at `index` of a read is. Throws {@link BusError} when that is no position. */
function presentIn(found: ReadRequest, index: number, bus: Bus, id: number): number {
  const present = found.value(index, "present_position");
  if (isPosition(present)) return present;
  throw new BusError(bus, id, "corrupted", { register: "present_position", value: present });
}
