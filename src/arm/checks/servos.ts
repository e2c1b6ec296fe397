/** What is wrong with an arm's servos, whatever its calibration: models, firmware, voltage, errors. */
import { type ErrorBitName, errorBits, namesOfErrorBits } from "../../feetech/registers.ts";
import type { ArmIdentity } from "../identity.ts";
import type { JointName } from "../joints.ts";
import type { ArmProblem, ReportedError, VoltageOutside } from "../problem.ts";
import { isArmModel, unusualServo } from "../servos/models.ts";
import { isGrasp } from "./grasp.ts";
import type { ReadServo } from "./state.ts";

/** Servos of a model that no arm has: nothing else that is read of them can be believed. */
export function wrongModels(arm: ArmIdentity, servos: readonly ReadServo[]): ArmProblem[] {
  return servos.flatMap(({ joint, image }): ArmProblem[] => {
    const model = image.value("model_number");
    return isArmModel(model) ? [] : [{ code: "servo.wrong-model", arm, joint, model }];
  });
}

/** Servos that an arm can have, and usually has not: their own limits apply. */
export function unusualServos(arm: ArmIdentity, servos: readonly ReadServo[]): ArmProblem[] {
  const unusual = servos.flatMap(({ joint, image }) => {
    const kind = unusualServo(image);
    return kind === undefined ? [] : [{ joint, kind }];
  });
  return unusual.length === 0 ? [] : [{ code: "servo.models", arm, servos: unusual }];
}

/** Servos of one arm and model whose firmware differs: a known cause of lost replies. */
export function mixedFirmware(arm: ArmIdentity, servos: readonly ReadServo[]): ArmProblem[] {
  const models = Map.groupBy(servos, ({ image }) => image.value("model_number"));
  return [...models.values()].flatMap((ofModel): ArmProblem[] => {
    const byVersion = Map.groupBy(ofModel, ({ image }) => image.firmware);
    if (byVersion.size < 2) return [];
    const versions = [...byVersion].map(([version, who]) => ({
      version,
      joints: who.map(({ joint }) => joint),
    }));
    return [{ code: "servo.mixed-firmware", arm, versions }];
  });
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
 * A gripper that is overloaded while it holds something is as it should be.
 */
export function reportedErrors(arm: ArmIdentity, servos: readonly ReadServo[]): ArmProblem[] {
  return servos.flatMap(({ joint, image, errorByte }) => {
    const bits = errorByte | image.value("status");
    const holds = isGrasp(joint, image.value("torque_enable") !== 0, "overload");
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
