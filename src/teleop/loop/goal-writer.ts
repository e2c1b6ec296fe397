/** The follower's goals as its servos are sent them: the one file that writes goals and switches torque on. */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { SERVO_IDS as ids } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { type ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";

/**
 * Writes what the drive has decided; decides nothing. {@link set} and {@link writeAll} allocate nothing.
 * What sends throws {@link PortError}.
 */
export class GoalWriter {
  readonly #bus: Bus;
  /** As last set; −1 where none has been. */
  readonly #goals: Int32Array;
  readonly #velocities = new Int32Array(JOINT_COUNT).fill(-1);
  /** Whether a servo needs a velocity with its next goal. */
  #withVelocities = false;
  readonly #goalWrite = new WriteRequest(ids, spanOf("goal_position"));
  readonly #motionWrite = new WriteRequest(ids, spanOf("goal_position", "goal_velocity"));

  /** `goals` are those that these servos were given before, and may still have; −1 where there is none. */
  constructor(bus: Bus, goals: ArrayLike<number>) {
    this.#bus = bus;
    this.#goals = Int32Array.from(goals);
  }

  /** The goals in steps, in the joints' order; −1 where none has been. */
  get goals(): ArrayLike<number> {
    return this.#goals;
  }

  /** The goal velocity that a joint's servo was sent last, in steps/s; −1 when it must be sent again. */
  velocityOf(joint: number): number {
    return this.#velocities[joint]!;
  }

  /** A servo has another goal velocity than the one that it was sent. */
  forgetVelocity(joint: number): void {
    this.#velocities[joint] = -1;
  }

  /** What a joint is sent next: its goal, in steps, and how fast it may go there, in steps/s; 0 is as fast as it can. */
  set(joint: number, goal: number, velocity: number): void {
    this.#goals[joint] = goal;
    if (velocity !== 0 || velocity !== this.#velocities[joint]) this.#withVelocities = true;
    this.#velocities[joint] = velocity;
  }

  /** Writes all goals, with the velocities where one is needed or has changed: the short packet is the rule. */
  writeAll(how: "with velocities" | "with velocities that changed"): void {
    const long = how === "with velocities" || this.#withVelocities;
    this.#withVelocities = false;
    const write = long ? this.#motionWrite : this.#goalWrite;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      write.set(joint, "goal_position", this.#goals[joint]!);
      if (long) write.set(joint, "goal_velocity", this.#velocities[joint]!);
    }
    this.#bus.send(write);
  }

  /** Writes the goals of some joints, with their velocities. */
  writeOf(joints: readonly number[]): void {
    const write = new WriteRequest(
      joints.map((joint) => ids[joint]!),
      spanOf("goal_position", "goal_velocity"),
    );
    joints.forEach((joint, index) => {
      write.set(index, "goal_position", this.#goals[joint]!);
      write.set(index, "goal_velocity", this.#velocities[joint]!);
    });
    this.#bus.send(write);
  }

  /**
   * Switches the torque of joints on, together with their goals, in one packet: a servo that lost its power since it was
   * read has forgotten its goal, and would snap to another. `found` has `torque_enable` to `present_position` of these.
   */
  switchTorqueOn(joints: readonly number[], found: ReadRequest): void {
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
    this.#bus.send(write);
  }
}
