/** Watching several arms until a person moves one of them. */
import type { ArmConnection } from "../arm/connection.ts";
import { MotionDetector, type Moved } from "../arm/motion-detector.ts";
import { positionsRead, SERVO_IDS } from "../arm/servos/read.ts";
import { PortError } from "../serial/transport.ts";
import type { Operator } from "./operator.ts";
import { pause } from "./pause.ts";

const LOOK_EVERY_MS = 20;
const REACH_EVERY_MS = 500;
/** Servos that are there answer within 2 ms; boards without power must not slow the others down. */
const TIMEOUT_US = 5_000;

/** For how long arms are watched. */
export interface Watching {
  /** Left out: for as long as it takes. */
  readonly waitS?: number | undefined;
  /** Nobody waits for it any more. */
  readonly end?: AbortSignal;
}

/**
 * Resolves with the arm that is moved; with undefined when none was in the time that it is watched. A board that is pulled is
 * said, and watched again when it is back. Rejects with the reason of the operator's signal.
 */
export async function watchForMotion(
  connections: readonly ArmConnection[],
  operator: Operator,
  { waitS = Number.POSITIVE_INFINITY, end }: Watching = {},
): Promise<Moved<ArmConnection> | undefined> {
  const detector = new MotionDetector<ArmConnection>();
  const deadline = performance.now() + waitS * 1000;
  let reachAt = performance.now() + REACH_EVERY_MS;
  while (performance.now() < deadline && end?.aborted !== true) {
    for (const connection of connections) await look(connection, detector, operator);
    const { moved } = detector;
    if (moved !== undefined) return moved;
    if (performance.now() >= reachAt) {
      reachAt = performance.now() + REACH_EVERY_MS;
      for (const connection of connections) await reachAgain(connection, operator);
    }
    await pause(LOOK_EVERY_MS, operator.signal);
  }
  return undefined;
}

async function look(
  connection: ArmConnection,
  detector: MotionDetector<ArmConnection>,
  operator: Operator,
): Promise<void> {
  if (connection.bus === undefined) return;
  const read = positionsRead();
  try {
    connection.bus.exchange(read, TIMEOUT_US);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    await connection.close();
    detector.forget(connection);
    const cure = error.trouble === "in use" ? "end that program" : "plug it in again";
    operator.tell("warning", `${error.message} — ${cure}, or move another arm.`);
    return;
  }
  const positions = SERVO_IDS.map((_, index) =>
    read.hasAnswerFrom(index) ? read.value(index, "present_position") : undefined,
  );
  detector.see(connection, positions);
}

async function reachAgain(connection: ArmConnection, operator: Operator): Promise<void> {
  if (connection.bus !== undefined) return;
  await connection.reach();
  if (connection.bus !== undefined) operator.tell("info", `${connection.path} is back.`);
}
