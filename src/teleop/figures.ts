/** What servos report of themselves, on its way from a read of the control loop to whoever wants to know. */
import type { Role } from "../arm/joints.ts";
import { JOINT_COUNT } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/read.ts";
import type { Bus } from "../feetech/bus.ts";
import type { BlockRead } from "../feetech/sync.ts";
import type { SharedState } from "./shared.ts";
import type { Vitals } from "./vitals.ts";

/** Takes in what was read of one servo: a block from `torque_enable` to `present_current`. Allocates nothing. */
export type FiguresSink = (joint: number, read: BlockRead) => void;

/** Publishes an arm's figures, and has them judged. */
export function figuresOf(role: Role, bus: Bus, shared: SharedState, vitals: Vitals): FiguresSink {
  return (joint, read) => {
    const temperature = read.value(0, "present_temperature");
    const voltage = read.value(0, "present_voltage");
    shared.setJoint(role, joint, "velocity", read.value(0, "present_velocity"));
    shared.setJoint(role, joint, "load", read.value(0, "present_load"));
    shared.setJoint(role, joint, "current", read.value(0, "present_current"));
    shared.setJoint(role, joint, "voltage", voltage);
    shared.setJoint(role, joint, "temperature", temperature);
    shared.setJoint(role, joint, "errorBits", bus.errorBytes[SERVO_IDS[joint]!]! | read.value(0, "status"));
    vitals.take(joint, temperature, voltage);
  };
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
