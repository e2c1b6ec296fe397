/** Saying what is wrong with an arm's servos before something is done with them. */
import { servoFindingsOf } from "../arm/findings.ts";
import { SERVO_IDS } from "../arm/read.ts";
import type { Dialogue } from "../cli/operator/dialogue.ts";
import type { OpenArm } from "./arm-session.ts";

/** Says every warning about the servos. Throws an Error for the first thing that makes going on pointless. */
export function reportServos(
  { role, id, bus }: OpenArm,
  images: readonly (Uint8Array | null)[],
  dialogue: Dialogue,
): void {
  const errorBytes = SERVO_IDS.map((servo) => bus.errorBytes[servo]!);
  const findings = servoFindingsOf({ role, id, images, errorBytes });
  const fault = findings.find(({ severity }) => severity === "fault");
  if (fault !== undefined) throw new Error(fault.message);
  for (const { message } of findings) dialogue.warn(message);
}
