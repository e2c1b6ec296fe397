/** What a person must know of a calibration that is written. */
import type { Doubt } from "../arm/calibration/files/file.ts";
import { type ArmIdentity, nameOfArm } from "../arm/identity.ts";
import { sayDoubt } from "../messages/calibration.ts";
import type { Operator } from "./operator.ts";

/** Tells what is not as it should be with what was written for an arm. */
export function tellDoubts(arm: ArmIdentity, doubts: readonly Doubt[], operator: Operator): void {
  for (const doubt of doubts) operator.tell("warning", `${nameOfArm(arm)}: ${sayDoubt(doubt)}`);
}
