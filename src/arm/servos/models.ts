/** Which servos an arm can have. */
import { STS3215_MODEL, STS3250_MODEL } from "../../feetech/registers.ts";
import { volts } from "../../feetech/units.ts";
import type { ServoImage } from "./servo-image.ts";

/** A servo that an arm can have, other than the 7.4 V STS3215 that it is usually made of. */
export type UnusualServo = "STS3250" | "12 V STS3215";

/** Whether a servo of this model number fits an arm: they have one control table. */
export function isArmModel(model: number): boolean {
  return model === STS3215_MODEL || model === STS3250_MODEL;
}

/** A 7.4 V servo leaves the factory with 8 V as the highest that it accepts, a 12 V one with 12 V or more. */
const HIGHEST_OF_7_4_V = volts(10);

/** What is unusual about a servo; undefined when nothing is. A 12 V STS3215 has the model number of any other. */
export function unusualServo(image: ServoImage): UnusualServo | undefined {
  if (image.value("model_number") === STS3250_MODEL) return "STS3250";
  return image.physical("max_voltage_limit") > HIGHEST_OF_7_4_V ? "12 V STS3215" : undefined;
}
