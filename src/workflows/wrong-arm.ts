/** Noticing that the arm on a port is not the one that a command is about, before anything is written to it. */
import { looksLikeFollower } from "../arm/baseline.ts";
import { identifyArm } from "../arm/identify.ts";
import { nameOfArm } from "../arm/identity.ts";
import type { ServoImages } from "../arm/servo-image.ts";
import type { Dialogue } from "../cli/operator/dialogue.ts";
import type { OpenArm } from "./arm-session.ts";

/**
 * Asks whether this is really the arm that is meant when its servos say that it is another one: they hold exactly
 * another arm's calibration, or a leader's have a follower's gains. Throws when it is not, or nobody can say.
 */
export async function refuseWrongArm(arm: OpenArm, images: ServoImages, dialogue: Dialogue): Promise<void> {
  const doubt = doubtOf(arm, images);
  if (doubt === undefined) return;
  const agreed = await dialogue.confirm(`${doubt} Is it the ${arm.name} all the same?`, { grave: true });
  if (agreed) return;
  throw new Error(
    `${arm.port}: not taken for the ${arm.name}; nothing was changed — check the ports with "so101 find-port", ` +
      "or answer yes on a terminal",
  );
}

function doubtOf(arm: OpenArm, images: ServoImages): string | undefined {
  const found = identifyArm(arm.calibrations, images);
  const isOwn = found.some(({ role, id }) => role === arm.role && id === arm.id);
  if (found.length > 0 && !isOwn) {
    return `The arm on ${arm.port} holds the calibration of ${found.map(nameOfArm).join(" and ")}.`;
  }
  if (arm.role === "leader" && !isOwn && looksLikeFollower(images)) {
    return `The arm on ${arm.port} has a follower's gains.`;
  }
  return undefined;
}
