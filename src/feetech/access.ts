/** What may be done to the servos of a bus: packets that would do more are refused before they leave. */
import { Instruction } from "./packet.ts";
import { registers } from "./registers.ts";
import { spanOf } from "./requests.ts";

/**
 * What may be done to the servos; anything else does not leave the bus. "torque off": everything that cannot switch that on;
 * "torque off, no speed limit": also a goal velocity of 0, which a follower is left with; "read": nothing that changes
 * anything in one.
 */
export type BusAccess = "drive" | "torque off, no speed limit" | "torque off" | "read";

const { address: TORQUE } = registers.torque_enable;
const SPEED = registers.goal_velocity;
const GOALS = spanOf("goal_position", "goal_velocity");

/**
 * Throws when a packet would make a servo hold or move: torque other than 0, or any goal, since a goal
 * switches the torque on too. With access for reading only, when it would write anything.
 */
export function refuseToChange(request: Uint8Array, size: number, access: BusAccess): void {
  const instruction = request[4]!;
  if (
    instruction === Instruction.ping ||
    instruction === Instruction.read ||
    instruction === Instruction.syncRead
  ) {
    return;
  }
  if (access === "read") throw new Error("a packet that would write to an arm that is only read was refused");
  const address = request[5]!;
  const end = size - 1;
  if (instruction === Instruction.write) {
    refuseSpan(request, address, 6, end - 6, access);
  } else {
    const length = request[6]!;
    for (let at = 7; at < end; at += length + 1) refuseSpan(request, address, at + 1, length, access);
  }
}

function refuseSpan(
  request: Uint8Array,
  address: number,
  at: number,
  length: number,
  access: BusAccess,
): void {
  const isSpeed = address === SPEED.address && length === SPEED.size;
  if (access === "torque off, no speed limit" && isSpeed && (request[at]! | request[at + 1]!) === 0) return;
  const touchesGoals = address < GOALS.address + GOALS.length && address + length > GOALS.address;
  const touchesTorque = address <= TORQUE && address + length > TORQUE;
  if (touchesGoals || (touchesTorque && request[at + TORQUE - address] !== 0)) {
    throw new Error("a packet that would switch on the torque of an arm that must have none was refused");
  }
}
