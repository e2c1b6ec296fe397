/** From an error of the layers below to the arm's problem. */
import { BusError } from "../feetech/bus-error.ts";
import { EepromError } from "../feetech/eeprom.ts";
import type { PortError } from "../serial/transport.ts";
import type { ArmIdentity } from "./identity.ts";
import { jointWithId } from "./joints.ts";
import type { ArmProblem } from "./problem.ts";

/** What an error of a port or a bus is to an arm; `arm` is whose it is, where that is known. */
export function problemOf(error: PortError | BusError, arm?: ArmIdentity): ArmProblem {
  return error instanceof BusError ? ofBus(error, arm) : ofPort(error, arm);
}

function ofPort({ trouble, path, owner, errno, message }: PortError, arm?: ArmIdentity): ArmProblem {
  switch (trouble) {
    case "missing":
      return { code: "board.missing", arm, path };
    case "lost":
      return { code: "board.missing", arm, path, lost: true };
    case "denied":
      return { code: "port.denied", arm, path };
    case "in use":
      return { code: "port.busy", arm, path, owner };
    default:
      return { code: "port.failed", arm, path, trouble, errno, fact: message };
  }
}

function ofBus(error: BusError, arm?: ArmIdentity): ArmProblem {
  const { id, trouble, register, value, position } = error;
  const joint = jointWithId(id);
  if (error instanceof EepromError) {
    return { code: "servo.eeprom", arm, id, joint, register: error.register, value: error.value };
  }
  if (trouble === "corrupted" && register === "present_position" && joint !== undefined) {
    return { code: "servo.no-position", arm, joint, position: value! };
  }
  return { code: "bus.failed", arm, id, joint, trouble, register, value, position };
}
