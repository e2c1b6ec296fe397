/** Arms as the tests of src/arm need them: calibrations, and images of servos that hold them. */

import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { CalibrationError } from "../../src/arm/calibration/error.ts";
import type { ArmState } from "../../src/arm/checks/state.ts";
import { idOf, JOINTS, type JointName, type Role } from "../../src/arm/joints.ts";
import { differences } from "../../src/arm/servos/baseline.ts";
import { ServoImage } from "../../src/arm/servos/servo-image.ts";
import { type RegisterName, registers, setRegisterValue, TABLE_SIZE } from "../../src/feetech/registers.ts";
import fixture from "../fixtures/lerobot-mapping.json";

/** Two calibrations that LeRobot could have written, with the full turn in wrist_roll. */
export const calibrations = {
  leader: fixture.cases[0]!.leader as Calibration,
  follower: fixture.cases[0]!.follower as Calibration,
};

/** An arm's file that is not there. */
export const noFile = new CalibrationError({
  code: "calibration.missing",
  kind: "missing",
  files: ["/x/me.json"],
  what: "there is no such file",
  remedies: [{ do: "calibrate" }],
});

/** Registers of a servo, and what they hold. */
export type Registers = Partial<Record<RegisterName, number>>;

/** A servo from the factory, with the given registers set. */
export function servoImage(values: Registers = {}): ServoImage {
  return new ServoImage(bytesWith(values));
}

function bytesWith(values: Registers): Uint8Array {
  const bytes = new Uint8Array(TABLE_SIZE);
  for (const name of Object.keys(registers) as RegisterName[]) {
    setRegisterValue(name, registers[name].factory, bytes);
  }
  setRegisterValue("present_voltage", 74, bytes);
  for (const [name, value] of Object.entries(values)) setRegisterValue(name as RegisterName, value, bytes);
  return bytes.slice(0, 71);
}

/** An arm's six servos: calibrated, and configured for the role; with the given registers of some joints set. */
export function armImages(
  role: Role,
  calibration: Calibration,
  values: { readonly [joint in JointName]?: Registers } = {},
): ServoImage[] {
  return JOINTS.map((joint) => {
    const delivered = calibratedServo(joint, calibration);
    const settings = differences(role, joint, servoImage(delivered)).map(({ register, value }) => [
      register,
      value,
    ]);
    return servoImage({ ...delivered, ...Object.fromEntries(settings), ...values[joint] });
  });
}

/** An arm's six servos: calibrated, otherwise as delivered. */
export function factoryImages(calibration: Calibration): ServoImage[] {
  return JOINTS.map((joint) => servoImage(calibratedServo(joint, calibration)));
}

function calibratedServo(joint: JointName, calibration: Calibration): Registers {
  const { homing_offset, range_min, range_max } = calibration[joint];
  return { id: idOf(joint), homing_offset, min_position_limit: range_min, max_position_limit: range_max };
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
