/** Making a calibration an arm's own: in its servos and in its file, both or neither. */
import type { Bus } from "../../feetech/bus.ts";
import { BusError } from "../../feetech/bus-error.ts";
import { EEPROM_SETTLE_US, type EepromChange, writeEeprom } from "../../feetech/eeprom.ts";
import { sleepForUs } from "../../linux/clock.ts";
import { whyOf } from "../../linux/system-error.ts";
import type { ArmIdentity } from "../identity.ts";
import { idOf, JOINTS, type JointName } from "../joints.ts";
import { readArm } from "../servos/read.ts";
import { type Calibration, refuseFlawed } from "./calibration.ts";
import { CalibrationError } from "./error.ts";
import type { Doubt, Saved } from "./files/file.ts";
import {
  calibrationInServo,
  calibrationRegisters,
  differingKeys,
  type ServoCalibration,
} from "./in-servos.ts";
import type { CalibrationStore } from "./store.ts";
import { WAYS_OUT } from "./unfinished.ts";

/** What came of it: how many registers were written, and the file. */
export interface Committed extends Saved {
  readonly written: number;
}

/** An arm whose six servos answer, their torque off. */
export interface CalibratedArm extends ArmIdentity {
  readonly bus: Bus;
  /** Where its file is. */
  readonly calibrations: CalibrationStore;
}

/**
 * Writes a calibration to the servos (only what differs, verified) and to the arm's file. What is being done is kept on
 * disk meanwhile: after a crash at any moment the arm holds the old calibration, or {@link CalibrationStore.findUnfinished} tells how
 * to finish or undo. When it fails, the servos get back what they held; once the file has the new calibration so do the
 * servos, whatever fails then, and what is in doubt is returned.
 *
 * Throws {@link CalibrationError}: "invalid" for what cannot be a calibration; "unwritable" when nothing has changed because the file cannot be written;
 * "unfinished" when the servos could not be given back what they held. Throws
 * {@link BusError} or {@link PortError} when the servos did not take it, and hold what they held before.
 */
export function commitCalibration(arm: CalibratedArm, calibration: Calibration): Committed {
  const { calibrations } = arm;
  refuseFlawed(calibrations.pathBeside(arm, ".json"), calibration, arm);
  // What an interrupted writing found is what to go back to: by now the servos may hold parts of two.
  const before = calibrations.findUnfinished(arm)?.before ?? heldByAll(arm);
  calibrations.keepUnfinished(arm, { before, after: calibration });
  let committed: Committed;
  try {
    const written = writeEeprom(changesTo(arm, calibration));
    committed = { written, ...calibrations.save(arm, calibration) };
  } catch (cause) {
    throw restored(arm, before, cause as Error);
  }
  return { ...committed, doubts: [...committed.doubts, ...doubtsOfForgetting(arm)] };
}

/** Servos and file have the new calibration: what was kept to go back is of no use, also where it cannot be removed. */
function doubtsOfForgetting(arm: CalibratedArm): Doubt[] {
  try {
    arm.calibrations.forgetUnfinished(arm);
    return [];
  } catch (error) {
    if (!(error instanceof CalibrationError)) throw error;
    const file = arm.calibrations.unfinishedPath(arm);
    return [{ kind: "not removed", file, why: whyOf(error.cause) }];
  }
}

/** Gives the servos back what they held before an interrupted writing, and forgets that. Throws as {@link writeEeprom}. */
export function undoCalibration(arm: CalibratedArm, before: ServoCalibration): number {
  const written = writeEeprom(changesTo(arm, before));
  arm.calibrations.forgetUnfinished(arm);
  return written;
}

/** What the servos hold. Throws {@link BusError} when one does not answer. */
function heldByAll({ bus }: CalibratedArm): ServoCalibration {
  const { images } = readArm(bus);
  const held = JOINTS.map((joint, index) => {
    const image = images[index];
    if (!image) throw new BusError(bus, idOf(joint), "timeout");
    const { homing_offset, range_min, range_max } = calibrationInServo(joint, image);
    return [joint, { homing_offset, range_min, range_max }];
  });
  return Object.fromEntries(held) as ServoCalibration;
}

function changesTo({ bus }: CalibratedArm, calibration: ServoCalibration): EepromChange[] {
  return JOINTS.flatMap((joint) =>
    calibrationRegisters.map(([key, register]) => ({
      bus,
      id: idOf(joint),
      register,
      value: calibration[joint][key],
    })),
  );
}

/** Undoes what had been written, and returns the error that says how far that went. */
function restored(arm: CalibratedArm, before: ServoCalibration, cause: Error): Error {
  try {
    // What was written just now reads as zeros, and some of what was there before may be zeros.
    sleepForUs(arm.bus.clock, EEPROM_SETTLE_US);
    undoCalibration(arm, before);
    return cause;
  } catch {
    const { role, id, calibrations } = arm;
    return new CalibrationError(
      {
        code: "calibration.unfinished",
        arm: { role, id },
        kind: "not restored",
        file: calibrations.unfinishedPath(arm),
        because: cause.message,
        ...notRestored(arm, before),
        remedies: WAYS_OUT,
      },
      { cause },
    );
  }
}

/** Which joints do not hold what they held before, as far as the arm can be asked. */
function notRestored({ bus }: CalibratedArm, before: ServoCalibration): { joints?: JointName[] } {
  try {
    const { images } = readArm(bus);
    const joints = JOINTS.filter((joint, index) => {
      const image = images[index];
      return !image || differingKeys(calibrationInServo(joint, image), before[joint]).length > 0;
    });
    return { joints };
  } catch {
    return {};
  }
}
