/** Who does not answer, and which lead that points to. */

import type { ArmIdentity } from "../identity.ts";
import { JOINTS, type JointName } from "../joints.ts";
import type { ArmProblem } from "../problem.ts";

/**
 * The problem with joints that do not answer, at least one. The servos are a chain, so that one loose lead silences the
 * joint behind it, or that one and all that follow.
 */
export function missingJoints(
  missing: readonly JointName[],
  about: { readonly arm?: ArmIdentity | undefined; readonly path?: string | undefined },
): ArmProblem {
  if (missing.length === JOINTS.length) {
    return { code: "bus.silent", ...about, remedies: [{ do: "switch power on" }] };
  }
  const [to] = missing as [JointName, ...JointName[]];
  const from = JOINTS[JOINTS.indexOf(to) - 1] ?? "board";
  return {
    code: "bus.joints-missing",
    ...about,
    joints: missing,
    remedies: [{ do: "check lead", from, to }],
  };
}
