/** Reading all that an arm's servos hold, as its checks look at it. */
import type { Bus } from "../../feetech/bus.ts";
import { type ArmReading, readArm, SERVO_IDS } from "../servos/read.ts";
import type { ArmState } from "./state.ts";

/** All that was read of an arm's servos. */
export interface ReadArm extends Pick<ArmState, "images" | "errorBytes"> {
  readonly reading: ArmReading;
}

/** Reads an arm's servos; nothing is changed. Throws {@link PortError} when the port is lost. */
export function readWhole(bus: Bus): ReadArm {
  const reading = readArm(bus);
  return { reading, images: reading.images, errorBytes: errorBytesOf(bus) };
}

/** The error byte of each servo's last reply, in the joints' order. */
export function errorBytesOf(bus: Bus): number[] {
  return SERVO_IDS.map((servo) => bus.errorBytes[servo]!);
}
