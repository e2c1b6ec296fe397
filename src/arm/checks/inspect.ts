/** Looking at an arm before it is used: what its servos hold, and what its calibration file says. */
import type { Bus } from "../../feetech/bus.ts";
import type { CalibrationStore } from "../calibration/store.ts";
import type { ArmIdentity } from "../identity.ts";
import { type ReadArm, readWhole } from "./read-whole.ts";
import type { ArmFiles, ArmState } from "./state.ts";

/** An arm as it was found, and all that was read of its servos. */
export interface InspectedArm extends ArmState, ReadArm {}

/** Reads an arm's servos and its calibration file; nothing is changed. Throws {@link PortError} when the port is lost. */
export function inspectArm(
  { role, id }: ArmIdentity,
  bus: Bus,
  calibrations: CalibrationStore,
): InspectedArm {
  return { role, id, ...readWhole(bus), ...readFiles(calibrations, { role, id }) };
}

/** Reads the files of an arm's calibration, and judges them. Throws nothing that a person can cause. */
export function readFiles(calibrations: CalibrationStore, { role, id }: ArmIdentity): ArmFiles {
  const arm = { role, id };
  return {
    calibration: calibrations.tryLoad(arm),
    file: calibrations.fileOf(arm),
    unfinished: calibrations.unfinishedProblem(arm),
  };
}
