/** What servos report of themselves, on its way from a read of the control loop to whoever wants to know. */
import { JOINT_COUNT, type Role } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import type { ReadRequest } from "../../feetech/requests.ts";
import type { Telemetry } from "../shared/telemetry.ts";
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
