/** What servos report of themselves, on its way from a read of the control loop to whoever wants to know. */
import { JOINT_COUNT, type Role } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import type { SharedState } from "../shared/state.ts";
import type { Vitals } from "./vitals.ts";

/** Takes in what was read of one servo: a block from `torque_enable` to `present_current`. Allocates nothing. */
export type FiguresSink = (joint: number, read: ReadRequest) => void;

/** Publishes an arm's figures, and has them judged. */
export function figuresOf(role: Role, bus: Bus, shared: SharedState, vitals: Vitals): FiguresSink {
  return (joint, read) => {
    publish(role, bus, shared, joint, read, 0);
    vitals.take(joint, read.value(0, "present_temperature"), read.value(0, "present_voltage"));
  };
}

/** Reads an arm that no loop reads, and publishes its figures. Throws {@link PortError}. */
export function publishArm(role: Role, bus: Bus, shared: SharedState): void {
  const read = new ReadRequest(SERVO_IDS, spanOf("torque_enable", "present_current"));
  if (!bus.exchange(read)) return;
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    shared.setJoint(role, joint, "position", read.value(joint, "present_position"));
    publish(role, bus, shared, joint, read, joint);
  }
  publishBus(role, bus, shared);
}

function publish(
  role: Role,
  bus: Bus,
  shared: SharedState,
  joint: number,
  read: ReadRequest,
  index: number,
): void {
  shared.setJoint(role, joint, "torque", read.value(index, "torque_enable"));
  shared.setJoint(role, joint, "velocity", read.value(index, "present_velocity"));
  shared.setJoint(role, joint, "load", read.value(index, "present_load"));
  shared.setJoint(role, joint, "current", read.value(index, "present_current"));
  shared.setJoint(role, joint, "voltage", read.value(index, "present_voltage"));
  shared.setJoint(role, joint, "temperature", read.value(index, "present_temperature"));
  const errors = bus.errorBytes[SERVO_IDS[joint]!]! | read.value(index, "status");
  shared.setJoint(role, joint, "errorBits", errors);
}

/** Publishes what an arm's bus has counted. Allocates nothing. */
export function publishBus(role: Role, { counters }: Bus, shared: SharedState): void {
  shared.setBus(role, "timeouts", counters.total("timeout"));
  shared.setBus(role, "corrupted", counters.total("corrupted"));
  shared.setBus(role, "noiseBytes", counters.noiseBytes);
  shared.setBus(role, "retries", counters.total("retry"));
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    const id = SERVO_IDS[joint]!;
    shared.setJoint(role, joint, "misses", counters.of(id, "timeout") + counters.of(id, "corrupted"));
  }
}
