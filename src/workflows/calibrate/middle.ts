/** The middle pose: waiting until the person has brought the arm there, and taking it. */
import { encoderAt, homingOffsetAt, isAtRest } from "../../arm/calibration/homing.ts";
import { JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import { isPosition, positionsRead, readWholeArm } from "../../arm/servos/read.ts";
import type { Steps } from "../../feetech/units.ts";
import type { OpenArm } from "../arm-session.ts";
import type { Operator } from "../operator.ts";
import { pause } from "../pause.ts";

/** What was found of each joint that is calibrated. */
export type Homing = ReadonlyMap<JointName, JointHoming>;

/** A joint's homing: what its servo has now, and what it gets. */
export interface JointHoming {
  readonly offsetNow: Steps;
  /** ±2047. */
  readonly offset: Steps;
}

const LOOK_EVERY_MS = 20;
/** An arm that did not move for so long is at rest. */
const REST_MS = 400;
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

/** What each joint reads once none has moved for a while; or who kept moving. */
async function positionsAtRest(
  { bus }: OpenArm,
  joints: readonly JointName[],
  patienceMs: number,
  signal: AbortSignal,
): Promise<Map<JointName, Steps> | string[]> {
  const read = positionsRead();
  const seen = joints.map((): Steps[] => []);
  const deadline = performance.now() + patienceMs;
  const needed = REST_MS / LOOK_EVERY_MS;
  for (;;) {
    if (bus.exchange(read)) {
      joints.forEach((joint, index) => {
        seen[index]!.push(read.value(JOINTS.indexOf(joint), "present_position"));
        seen[index]!.splice(0, seen[index]!.length - needed);
      });
    }
    const moving = joints.filter((_, index) => seen[index]!.length < needed || !isAtRest(seen[index]!));
    if (moving.length === 0) return new Map(joints.map((joint, index) => [joint, seen[index]!.at(-1)!]));
    if (performance.now() > deadline) {
      const silent = seen.every((positions) => positions.length < needed);
      const who = moving.map(nameWithId).join(", ");
      return [
        silent ? `not all joints answer every time: check the leads` : `${who} moved: hold the arm still`,
      ];
    }
    await pause(LOOK_EVERY_MS, signal);
  }
}
