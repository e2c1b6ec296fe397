/** Why a pair waits, as it is told. */
import type { ArmIdentity } from "../../arm/identity.ts";
import { JOINTS, type Role } from "../../arm/joints.ts";
import type { Problem } from "../reporting/problem.ts";
import type { WaitReason } from "./decide.ts";

/**
 * What is told of a reason to wait; undefined where what is told was found elsewhere (who is missing, faults, what has
 * failed), and where nothing is: of what is awaited.
 */
export function problemOf(
  reason: WaitReason,
  { leader, follower }: Readonly<Record<Role, ArmIdentity>>,
): Problem | undefined {
  switch (reason.is) {
    case "out of reach":
    case "faulted":
    case "pausing":
    case "awaited":
      return undefined;
    case "paused":
      if (reason.isElsewhere) return { code: "pair.paused", stage: "not sent" };
      return { code: "pair.paused", stage: reason.torqueOff ? "torque off" : "holding" };
    case "released":
      return { code: "pair.released", stage: "waiting" };
    case "lending":
      return { code: "pair.lent", stage: "releasing" };
    case "cooling": {
      const { joint, celsius, coolBelowC } = reason;
      return { code: "servo.cooling", arm: follower, joint: JOINTS[joint]!, celsius, coolBelowC };
    }
    case "no position": {
      const { joint, position } = reason;
      return { code: "servo.no-position", arm: leader, joint: JOINTS[joint]!, position };
    }
    case "leader silent":
    case "leader unfit":
      return reason.problem;
    case "leader awaited":
      return { code: "leader.awaited", arm: leader };
  }
}
