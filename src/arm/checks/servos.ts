/** What is wrong with an arm's servos, whatever its calibration: models, firmware, voltage, errors. */
import { type ErrorBitName, errorBits, namesOfErrorBits, STS3215_MODEL } from "../../feetech/registers.ts";
import type { ArmIdentity } from "../identity.ts";
import type { JointName } from "../joints.ts";
import type { ArmProblem, ReportedError, VoltageOutside } from "../problem.ts";
import type { ReadServo } from "./state.ts";

/** Servos of another model: nothing else that is read of them can be believed. */
export function wrongModels(arm: ArmIdentity, servos: readonly ReadServo[]): ArmProblem[] {
  return servos.flatMap(({ joint, image }): ArmProblem[] => {
    const model = image.value("model_number");
    return model === STS3215_MODEL ? [] : [{ code: "servo.wrong-model", arm, joint, model }];
  });
}

/** Servos of one arm whose firmware differs: a known cause of lost replies. */
export function mixedFirmware(arm: ArmIdentity, servos: readonly ReadServo[]): ArmProblem[] {
  const joints = new Map<string, JointName[]>();
  for (const { joint, image } of servos) {
    joints.set(image.firmware, [...(joints.get(image.firmware) ?? []), joint]);
  }
  if (joints.size < 2) return [];
  const versions = [...joints].map(([version, who]) => ({ version, joints: who }));
  return [{ code: "servo.mixed-firmware", arm, versions }];
}

/** One problem for each limit that the supply leaves: usually all servos say the same. */
export function voltagesOutside(arm: ArmIdentity, servos: readonly ReadServo[]): ArmProblem[] {
  const outside = new Map<string, VoltageOutside>();
  for (const { joint, image } of servos) {
    const volts = image.voltageV;
    const lowest = image.physical("min_voltage_limit");
    const highest = image.physical("max_voltage_limit");
    if (volts >= lowest && volts <= highest) continue;
    const limit =
      volts > highest
        ? ({ bound: "highest", volts: highest } as const)
        : ({ bound: "lowest", volts: lowest } as const);
    const key = `${limit.bound} ${limit.volts}`;
    const all = [...(outside.get(key)?.servos ?? []), { joint, volts }];
    outside.set(key, { code: "servo.voltage", arm, servos: all, limit });
  }
  return [...outside.values()];
}

/**
 * What servos report by the bits of their status, named or not. Voltage is left to its own check, which has the figures.
 * A follower's gripper that is overloaded while it holds something is as it should be.
 */
export function reportedErrors(arm: ArmIdentity, servos: readonly ReadServo[]): ArmProblem[] {
  return servos.flatMap(({ joint, image, errorByte }) => {
    const bits = errorByte | image.value("status");
    const holds = arm.role === "follower" && joint === "gripper" && image.value("torque_enable") !== 0;
    return masksIn(bits & ~(errorBits.voltage | (holds ? errorBits.overload : 0))).map((mask) => ({
      ...reportedError(arm, joint, mask),
      celsius: image.value("present_temperature"),
    }));
  });
}

/** Each bit that is set in an error byte, as a mask. */
export function masksIn(bits: number): number[] {
  return [1, 2, 4, 8, 16, 32, 64, 128].filter((mask) => (bits & mask) !== 0);
}

const codes = {
  voltage: "servo.voltage",
  sensor: "servo.sensor",
  overheat: "servo.overheats",
  overcurrent: "servo.overcurrent",
  overload: "servo.overload",
} as const satisfies Record<ErrorBitName, ArmProblem["code"]>;

/** That a servo reports an error, by the one bit in `mask`. */
export function reportedError(
  arm: ArmIdentity,
  joint: JointName,
  mask: number,
): ReportedError | VoltageOutside {
  const [name] = namesOfErrorBits(mask);
  const code = name === undefined ? "servo.error" : codes[name];
  return code === "servo.voltage" ? { code, arm, servos: [{ joint }] } : { code, arm, joint, mask };
}
