/** How an arm is seen before it is teleoperated: what it says of itself, in one reading. Nothing is changed. */

import type { ArmConnection } from "../arm/connection.ts";
import type { Marks } from "../arm/servos/baseline.ts";
import { SERVO_IDS } from "../arm/servos/read.ts";
import { torqueState } from "../arm/servos/release.ts";
import type { RegisterName } from "../feetech/registers.ts";
import type { ReadRequest } from "../feetech/requests.ts";
import type { ArmCondition, ArmFacts } from "./state/conditions.ts";

/**
 * An arm by its connection, which has just looked for it; `marks` are those of its configured servos, while there are
 * any. Throws {@link PortError}.
 */
export function observeArm(connection: ArmConnection, marks: Marks | undefined): ArmCondition {
  const { bus, facts, problem, isAwaited } = connection;
  if (isAwaited) return { is: "awaited", torque: "unknown" };
  if (problem === undefined) return { is: "reached", ...factsIn(facts, marks) };
  return { is: "out of reach", problem, torque: bus === undefined ? "unknown" : torqueState(bus, 1) };
}

function factsIn(read: ReadRequest, marks: Marks | undefined): ArmFacts {
  const each = <Name extends RegisterName>(name: Name) =>
    SERVO_IDS.map((_, joint) => read.value(joint, name));
  const accelerations = each("acceleration");
  return {
    torque: each("torque_enable").some((torque) => torque !== 0) ? "on" : "off",
    positions: each("present_position"),
    temperaturesC: each("present_temperature"),
    isConfigured: marks?.every((mark, joint) => mark === undefined || mark === accelerations[joint]) ?? false,
  };
}
