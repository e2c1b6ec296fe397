/** The middle pose: waiting until the person has brought the arm there, and taking it. */
import { encoderAt, homingOffsetAt } from "../../arm/calibration/homing.ts";
import { JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import { isPosition, readWholeArm } from "../../arm/servos/read.ts";
import type { Steps } from "../../feetech/units.ts";
import type { OpenArm } from "../arm-session.ts";
import { positionsAtRest, REST_MS } from "../at-rest.ts";
import type { Operator } from "../operator.ts";

/** What was found of each joint that is calibrated. */
export type Homing = ReadonlyMap<JointName, JointHoming>;

/** A joint's homing: what its servo has now, and what it gets. */
export interface JointHoming {
  readonly offsetNow: Steps;
  /** ±2047. */
  readonly offset: Steps;
}

/** A hand that cannot hold the arm still for so long will not. */
const PATIENCE_MS = 30_000;

/**
 * Has the person bring the arm to the middle of its range, and takes the offsets there once it is at rest.
 * Throws Error when it never is, or a joint's offset cannot be had; {@link PortError}; what the operator throws.
 */
export async function findMiddle(
  arm: OpenArm,
  joints: readonly JointName[],
  operator: Operator,
): Promise<Homing> {
  const which = joints.length === 1 ? joints[0]! : "every joint";
  operator.progress(
    { step: "middle", joints },
    `Bring ${which} to the middle of its range, and hold the arm there.`,
  );
  for (;;) {
    if (!(await operator.ask(`Is ${which} in the middle, and at rest?`))) continue;
    const patienceMs = operator.attended ? 3 * REST_MS : PATIENCE_MS;
    const taken = await takeMiddle(arm, joints, patienceMs, operator.signal);
    if (!Array.isArray(taken)) {
      operator.tell("done", "The middle is recorded.");
      return taken;
    }
    const what = taken.join("; ");
    if (!operator.attended) throw new Error(`${arm.name}: ${what} — nothing was changed`);
    operator.tell("warning", `${what}.`);
  }
}

/** The offsets, or what keeps them from being taken. */
async function takeMiddle(
  arm: OpenArm,
  joints: readonly JointName[],
  patienceMs: number,
  signal: AbortSignal,
): Promise<Homing | string[]> {
  const images = readWholeArm(arm.bus);
  const positions = await positionsAtRest(arm, joints, patienceMs, signal);
  if (!(positions instanceof Map)) return positions;
  const problems: string[] = [];
  const homing = new Map<JointName, JointHoming>();
  for (const joint of joints) {
    const offsetNow = images[JOINTS.indexOf(joint)]!.value("homing_offset");
    const position = positions.get(joint)!;
    const offset = isPosition(position) ? homingOffsetAt(encoderAt(position, offsetNow)) : undefined;
    if (!isPosition(position)) {
      problems.push(
        `${nameWithId(joint)} reads ${position}, which is no position: switch the arm's power off and on`,
      );
    } else if (offset === undefined) {
      problems.push(
        `${nameWithId(joint)} is where its offset would be 2048, beyond the ±2047 that a servo holds: ` +
          "move it a little",
      );
    } else {
      homing.set(joint, { offsetNow, offset });
    }
  }
  return problems.length > 0 ? problems : homing;
}
