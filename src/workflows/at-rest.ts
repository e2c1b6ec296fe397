/** Waiting until an arm that a hand holds is at rest, and reading where its joints are then. */
import { isAtRest } from "../arm/calibration/homing.ts";
import { JOINTS, type JointName, nameWithId } from "../arm/joints.ts";
import { positionsRead } from "../arm/servos/read.ts";
import type { Steps } from "../feetech/units.ts";
import type { OpenArm } from "./arm-session.ts";
import { pause } from "./pause.ts";

const LOOK_EVERY_MS = 20;
/** An arm that did not move for so long is at rest. */
export const REST_MS = 400;

/** What each joint reads once none has moved for a while; or, after so many ms, who kept moving, in words. */
export async function positionsAtRest(
  { bus }: Pick<OpenArm, "bus">,
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
