/** Arms as the tests of src/arm need them: calibrations, and images of servos that hold them. */

import { differences } from "../../src/arm/baseline.ts";
import { type Calibration, CalibrationError } from "../../src/arm/calibration/calibration.ts";
import type { ArmState } from "../../src/arm/findings.ts";
import { idOf, JOINTS, type Role } from "../../src/arm/joints.ts";
import { type RegisterName, registers, setRegisterValue, TABLE_SIZE } from "../../src/feetech/registers.ts";
import fixture from "../fixtures/lerobot-mapping.json";

/** Two calibrations that LeRobot could have written, with the full turn in wrist_roll. */
export const calibrations = {
  leader: fixture.cases[0]!.leader as Calibration,
  follower: fixture.cases[0]!.follower as Calibration,
};

/** An arm's file that is not there. */
export const noFile = new CalibrationError(
  "missing",
  "/x/me.json",
  "calibration /x/me.json: there is no such file",
);

/** A servo from the factory, with the given registers set: addresses 0…70. */
export function servoImage(values: Partial<Record<RegisterName, number>> = {}): Uint8Array {
  const image = new Uint8Array(TABLE_SIZE);
  for (const name of Object.keys(registers) as RegisterName[]) {
    setRegisterValue(name, registers[name].factory, image);
  }
  setRegisterValue("present_voltage", 74, image);
  for (const [name, value] of Object.entries(values)) setRegisterValue(name as RegisterName, value, image);
  return image.slice(0, 71);
}

/** An arm's six servos: calibrated, and configured for the role unless they shall be as delivered. */
export function armImages(role: Role, calibration: Calibration, configured = true): Uint8Array[] {
  return JOINTS.map((joint) => {
    const { homing_offset, range_min, range_max } = calibration[joint];
    const image = servoImage({
      id: idOf(joint),
      homing_offset,
      min_position_limit: range_min,
      max_position_limit: range_max,
    });
    if (configured) {
      for (const { register, value } of differences(role, joint, image))
        setRegisterValue(register, value, image);
    }
    return image;
  });
}

/** An arm without fault, but for what is given. */
export function armState(role: Role, given: Partial<ArmState> = {}): ArmState {
  return {
    role,
    id: role === "leader" ? "blue_wasp" : "red_sting",
    images: armImages(role, calibrations[role]),
    calibration: calibrations[role],
    ...given,
  };
}
