/** Watching several arms until a person moves one of them. */

import type { ArmConnection } from "../arm/connection.ts";
import { MotionDetector, type Moved } from "../arm/motion-detector.ts";
import { positionsRead, SERVO_IDS } from "../arm/read.ts";
import type { Dialogue } from "../cli/operator/dialogue.ts";
import { PortError } from "../serial/transport.ts";
import { pause } from "./pause.ts";

const LOOK_EVERY_MS = 20;
const REACH_EVERY_MS = 500;
/** Servos that are there answer within 2 ms; boards without power must not slow the others down. */
const TIMEOUT_US = 5_000;

/**
 * Resolves with the arm that is moved; with undefined when none was within `waitS` seconds. A board that is pulled is
 * said, and watched again when it is back. Rejects with the signal's reason.
 */
export async function watchForMotion(
  links: readonly ArmConnection[],
  waitS: number | undefined,
  dialogue: Dialogue,
  signal: AbortSignal,
): Promise<Moved<ArmConnection> | undefined> {
  const detector = new MotionDetector<ArmConnection>();
  const deadline = waitS === undefined ? Number.POSITIVE_INFINITY : performance.now() + waitS * 1000;
  let reachAt = performance.now() + REACH_EVERY_MS;
  while (performance.now() < deadline) {
    for (const link of links) await look(link, detector, dialogue);
    const { moved } = detector;
    if (moved !== undefined) return moved;
    if (performance.now() >= reachAt) {
      reachAt = performance.now() + REACH_EVERY_MS;
      for (const link of links) await reachAgain(link, dialogue);
    }
    await pause(LOOK_EVERY_MS, signal);
  }
  return undefined;
}

async function look(
  link: ArmConnection,
  detector: MotionDetector<ArmConnection>,
  dialogue: Dialogue,
): Promise<void> {
  if (link.bus === undefined) return;
  const read = positionsRead();
  try {
    link.bus.exchange(read, TIMEOUT_US);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    await link.close();
    detector.forget(link);
    dialogue.warn(`${error.message} — plug it in again, or move another arm.`);
    return;
  }
  const positions = SERVO_IDS.map((_, index) =>
    read.hasAnswerFrom(index) ? read.value(index, "present_position") : undefined,
  );
  detector.see(link, positions);
}

async function reachAgain(link: ArmConnection, dialogue: Dialogue): Promise<void> {
  if (link.bus !== undefined) return;
  await link.reach();
  if (link.bus !== undefined) dialogue.say(`${link.path} is back.`);
}
