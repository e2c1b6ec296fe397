/** Looking at an arm before it is used: what its servos hold, and what its calibration file says. */
import type { Bus } from "../../feetech/bus.ts";
import type { CalibrationStore } from "../calibration/store.ts";
import type { ArmIdentity } from "../identity.ts";
import { type ArmReading, readArm, SERVO_IDS } from "../servos/read.ts";
import type { ArmState } from "./state.ts";

/** An arm as it was found, and all that was read of its servos. */
export interface InspectedArm extends ArmState {
  readonly reading: ArmReading;
}

/** Reads an arm's servos and its calibration file; nothing is changed. Throws {@link PortError} when the port is lost. */
export function inspectArm(
  { role, id }: ArmIdentity,
  bus: Bus,
  calibrations: CalibrationStore,
): InspectedArm {
  const reading = readArm(bus);
  return {
    role,
    id,
    reading,
    images: reading.images,
    errorBytes: errorBytesOf(bus),
    calibration: calibrations.tryLoad({ role, id }),
    file: calibrations.fileOf({ role, id }),
    unfinished: calibrations.unfinishedProblem({ role, id }),
  };
}

/** The error byte of each servo's last reply, in the joints' order. */
export function errorBytesOf(bus: Bus): number[] {
  return SERVO_IDS.map((servo) => bus.errorBytes[servo]!);
}
