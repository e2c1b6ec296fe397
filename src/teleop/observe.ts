/** How an arm is seen before it is teleoperated: what it says of itself, in one reading. Nothing is changed. */

import type { ArmConnection } from "../arm/connection.ts";
import { CONFIGURED_ACCELERATION } from "../arm/servos/baseline.ts";
import { SERVO_IDS } from "../arm/servos/read.ts";
import { torqueState } from "../arm/servos/release.ts";
import type { RegisterName } from "../feetech/registers.ts";
import type { ReadRequest } from "../feetech/requests.ts";
import type { ArmCondition, ArmFacts } from "./state/conditions.ts";

/** An arm by its connection, which has just looked for it. Throws {@link PortError}. */
export function observeArm({ bus, facts, problem }: ArmConnection): ArmCondition {
  if (problem === undefined) return { is: "reached", ...factsIn(facts) };
  return { is: "out of reach", problem, torque: bus === undefined ? "unknown" : torqueState(bus, 1) };
}

function factsIn(read: ReadRequest): ArmFacts {
  const each = <Name extends RegisterName>(name: Name) =>
    SERVO_IDS.map((_, joint) => read.value(joint, name));
  return {
    torque: each("torque_enable").some((torque) => torque !== 0) ? "on" : "off",
    positions: each("present_position"),
    temperaturesC: each("present_temperature"),
    isConfigured: each("acceleration").every((acceleration) => acceleration === CONFIGURED_ACCELERATION),
  };
}
