/** What servos report of themselves, on its way from a read of the control loop to whoever wants to know. */
import { JOINT_COUNT, type Role } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import type { ReadRequest } from "../../feetech/requests.ts";
import type { PairParts } from "../context.ts";
import { UNKNOWN_POSITIONS } from "../shared/samples.ts";
import type { Telemetry } from "../shared/telemetry.ts";
import type { Conditions } from "../state/conditions.ts";
import type { Vitals } from "./vitals.ts";

/**
 * Takes in what was read of one servo: from `torque_enable` to `present_current`, at `index` of the reading. Allocates
 * nothing.
 */
export type FiguresSink = (joint: number, read: ReadRequest, index: number) => void;

/** Publishes an arm's figures, and has them judged. */
export function figuresOf(role: Role, bus: Bus, telemetry: Telemetry, vitals: Vitals): FiguresSink {
  return (joint, read, index) => {
    publish(role, bus, telemetry, joint, read, index);
    vitals.take(joint, read.value(index, "present_temperature"), read.value(index, "present_voltage"));
  };
}

/** Publishes what was read of a whole arm that no loop reads: `torque_enable` to `present_current`. */
export function publishArm(role: Role, bus: Bus, read: ReadRequest, telemetry: Telemetry): void {
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    telemetry.setJoint(role, joint, "position", read.value(joint, "present_position"));
    publish(role, bus, telemetry, joint, read, joint);
  }
  publishBus(role, bus, telemetry);
}

function publish(
  role: Role,
  bus: Bus,
  telemetry: Telemetry,
  joint: number,
  read: ReadRequest,
  index: number,
): void {
  telemetry.setJoint(role, joint, "torque", read.value(index, "torque_enable"));
  telemetry.setJoint(role, joint, "velocity", read.value(index, "present_velocity"));
  telemetry.setJoint(role, joint, "load", read.value(index, "present_load"));
  telemetry.setJoint(role, joint, "current", read.value(index, "present_current"));
  telemetry.setJoint(role, joint, "voltage", read.value(index, "present_voltage"));
  telemetry.setJoint(role, joint, "temperature", read.value(index, "present_temperature"));
  const errors = bus.errorBytes[SERVO_IDS[joint]!]! | read.value(index, "status");
  telemetry.setJoint(role, joint, "errorBits", errors);
}

/** Publishes what an arm's bus has counted. Allocates nothing. */
export function publishBus(role: Role, { counters }: Bus, telemetry: Telemetry): void {
  telemetry.setBus(role, "timeouts", counters.total("timeout"));
  telemetry.setBus(role, "late", counters.total("late"));
  telemetry.setBus(role, "corrupted", counters.total("corrupted"));
  telemetry.setBus(role, "noiseBytes", counters.noiseBytes);
  telemetry.setBus(role, "strays", counters.strays);
  telemetry.setBus(role, "retries", counters.total("retry"));
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    telemetry.setJoint(role, joint, "misses", counters.misses(SERVO_IDS[joint]!));
  }
}

/** Publishes what somebody may want to know of arms that are not teleoperated; `shown` says where the leader is. */
export function publishSeen(
  { connections, memory, ports, machine }: PairParts,
  seen: Pick<Conditions, Role>,
  leaders: { shown(leader: Conditions["leader"]): ArrayLike<number> },
  goals: ArrayLike<number>,
): void {
  const { telemetry, samples } = memory;
  const shown = leaders.shown(seen.leader);
  const { leader, follower } = connections;
  if (leader.bus === undefined) telemetry.setPositions("leader", shown);
  else if (leader.problem === undefined && !leader.isAwaited)
    publishArm("leader", leader.bus, leader.facts, telemetry);
  if (follower.bus !== undefined && seen.follower.is === "reached")
    publishArm("follower", follower.bus, follower.facts, telemetry);
  const positions = seen.follower.is === "reached" ? seen.follower.positions : UNKNOWN_POSITIONS;
  samples.write(ports.clock.nowUs(), machine.state, shown, goals, positions);
}
