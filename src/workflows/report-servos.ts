/** Saying what is wrong with an arm's servos before something is done with them. */
import { servoFindingsOf } from "../arm/findings.ts";
import { errorBytesOf } from "../arm/inspect.ts";
import type { ServoImages } from "../arm/servo-image.ts";
import type { Dialogue } from "../cli/operator/dialogue.ts";
import type { OpenArm } from "./arm-session.ts";

/** Says every warning about the servos. Throws an Error for the first thing that makes going on pointless. */
export function reportServos(
  { role, id, bus }: Pick<OpenArm, "role" | "id" | "bus">,
  images: ServoImages,
  dialogue: Dialogue,
): void {
  const findings = servoFindingsOf({ role, id, images, errorBytes: errorBytesOf(bus) });
  const fault = findings.find(({ severity }) => severity === "fault");
  if (fault !== undefined) throw new Error(fault.message);
  for (const { message } of findings) dialogue.warn(message);
}
