/** Looking closely at an arm before something is done with it: are its servos well, and is it the arm that is meant? */

import { servoFindingsOf } from "../arm/checks/findings.ts";
import { identifyArm } from "../arm/checks/identify.ts";
import { errorBytesOf } from "../arm/checks/read-whole.ts";
import { nameOfArm } from "../arm/identity.ts";
import { looksLikeFollower } from "../arm/servos/baseline.ts";
import type { ServoImages } from "../arm/servos/servo-image.ts";
import { command } from "../messages/audience.ts";
import { sayProblem } from "../messages/problems.ts";
import type { OpenArm } from "./arm-session.ts";
import type { Operator } from "./operator.ts";

/** Says every warning about the servos. Throws an Error for the first thing that makes going on pointless. */
export function reportServos(
  { role, id, bus }: Pick<OpenArm, "role" | "id" | "bus">,
  images: ServoImages,
  operator: Operator,
): void {
  const findings = servoFindingsOf({ role, id, images, errorBytes: errorBytesOf(bus) });
  const fault = findings.find(({ severity }) => severity === "fault");
  if (fault !== undefined) throw new Error(sayProblem(fault.problem, operator.audience));
  for (const { severity, problem } of findings) {
    operator.tell(severity === "info" ? "info" : "warning", sayProblem(problem, operator.audience));
  }
}

/**
 * Asks whether this is really the arm that is meant when its servos say that it is another one: they hold exactly
 * another arm's calibration, or a leader's gripper has a follower's protection. Throws when it is not, or nobody can say.
 */
export async function refuseWrongArm(arm: OpenArm, images: ServoImages, operator: Operator): Promise<void> {
  const doubt = doubtOf(arm, images);
  if (doubt === undefined) return;
  if (await operator.ask(`${doubt} Is it the ${arm.name} all the same?`, "grave")) return;
  const { audience } = operator;
  // A port that was given need not be one that is found by itself.
  const given = audience.arms?.[arm.role]?.port;
  const findPort = command(audience, "find-port", ...(given === undefined ? [] : [given]));
  throw new Error(
    `${arm.port}: not taken for the ${arm.name}; nothing was changed — check the ports with "${findPort}", or answer ` +
      `yes${operator.attended ? "" : " on a terminal"}`,
  );
}

function doubtOf(arm: OpenArm, images: ServoImages): string | undefined {
  const found = identifyArm(arm.calibrations, images);
  const isOwn = found.some(({ role, id }) => role === arm.role && id === arm.id);
  if (found.length > 0 && !isOwn) {
    return `The arm on ${arm.port} holds the calibration of ${found.map(nameOfArm).join(" and ")}.`;
  }
  if (arm.role === "leader" && !isOwn && looksLikeFollower(images)) {
    return `The arm on ${arm.port} has the protection of a follower's gripper.`;
  }
  return undefined;
}
