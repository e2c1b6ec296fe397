/** LeRobot's homing: the middle pose of an arm, and the offsets that make every joint read 2047 there. */
import { STEPS_PER_TURN, type Steps, steps } from "../../feetech/units.ts";

/** What a joint reads in the middle of its range: LeRobot's half turn. */
export const MIDDLE = steps((STEPS_PER_TURN - 1) >> 1);

/** The largest offset that a servo holds: 11 bits and a sign. */
export const LARGEST_OFFSET = steps(2047);

/** Where a joint's encoder stands, 0…4095, by what the servo reads with its present offset. */
export function encoderAt(position: Steps, homingOffset: Steps): Steps {
  return withinTurn(position + homingOffset);
}

/** What a servo with an offset reads where its encoder stands, 0…4095. */
export function positionAt(encoder: Steps, homingOffset: Steps): Steps {
  return withinTurn(encoder - homingOffset);
}

/**
 * The offset with which a joint reads {@link MIDDLE} where its encoder stands now; undefined at the one place, an
 * encoder reading of 4095, where it would be beyond what a servo holds.
 */
export function homingOffsetAt(encoder: Steps): Steps | undefined {
  const offset = steps(encoder - MIDDLE);
  return offset > LARGEST_OFFSET ? undefined : offset;
}

/** A hand that holds an arm still trembles by less than this: 1°. */
const REST_STEPS = 12;

/** Whether a joint stood still, by what it read meanwhile. */
export function isAtRest(positions: readonly Steps[]): boolean {
  const moved = positions.map((position) => shortestWay(positions[0]!, position));
  return Math.max(...moved) - Math.min(...moved) <= REST_STEPS;
}

/** The way from one reading to another that is no longer than half a turn, signed. */
export function shortestWay(from: Steps, to: Steps): Steps {
  return steps(withinTurn(to - from + STEPS_PER_TURN / 2) - STEPS_PER_TURN / 2);
}

function withinTurn(count: number): Steps {
  return steps(((count % STEPS_PER_TURN) + STEPS_PER_TURN) % STEPS_PER_TURN);
}
