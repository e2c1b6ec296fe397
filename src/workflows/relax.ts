/** Relaxing an arm: its torque off, whatever state it is in. */
import { JOINTS, type JointName, nameWithId } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/servos/read.ts";
import { release, torqueOfEach } from "../arm/servos/release.ts";
import { accessToRelease, liftSpeedLimits } from "../arm/servos/speed-limit.ts";
import type { ChosenArm } from "../config/choose-arm.ts";
import { sayProblem } from "../messages/problems.ts";
import { type OpenArm, withArm } from "./arm-session.ts";
import type { Operator } from "./operator.ts";

/** What became of a servo, as programs are told, and as people are. */
const words = {
  "limp already": "torque was off",
  "limp now": "torque is off now",
  "no answer": "no answer",
  "not confirmed": "not confirmed",
} as const;

type Result = keyof typeof words;

/**
 * Releases an arm softly, as far as its servos answer; a service that has it stays released, or it would move again.
 * Throws an Error that names the servos that did not confirm it; what {@link withArm} throws.
 */
export function relax(arm: ChosenArm, operator: Operator): Promise<void> {
  const access = accessToRelease(arm.role);
  const wish = { access, servos: "any", purpose: `relax ${arm.role}`, service: "stays released" } as const;
  return withArm(arm, wish, operator, async (open) => {
    const { name, role, id } = open;
    const results = releaseEach(open, operator);
    const lines = results.map(([joint, result]) => `${joint.padEnd(14)}${words[result]}`);
    operator.event(
      { event: "relaxed", arm: role, id, joints: Object.fromEntries(results) },
      { tone: "info", message: [name, ...lines].join("\n") },
    );
    const doubtful = results.flatMap(([joint, result]) =>
      result.startsWith("limp") ? [] : nameWithId(joint),
    );
    if (doubtful.length > 0) {
      throw new Error(
        `${name}: ${doubtful.join(", ")} did not confirm that the torque is off — ` +
          "switch the arm's power off before you touch it",
      );
    }
    operator.tell("done", `${name}: the torque of all servos is off.`);
  });
}

/** Releases the arm, unless no torque is on, and says what became of each joint's servo. */
function releaseEach({ name, bus, problem }: OpenArm, { audience }: Operator): [JointName, Result][] {
  const before = torqueOfEach(bus);
  if (before.every((torque) => torque === undefined)) {
    throw new Error(problem === undefined ? `${name}: no servo answers` : sayProblem(problem, audience));
  }
  const isLimp = before.every((torque) => torque === false);
  if (isLimp) liftSpeedLimits(bus);
  const unconfirmed = isLimp ? [] : release(bus);
  return JOINTS.map((joint, index) => {
    if (unconfirmed.includes(SERVO_IDS[index]!)) {
      return [joint, before[index] === undefined ? "no answer" : "not confirmed"];
    }
    return [joint, before[index] === false ? "limp already" : "limp now"];
  });
}
