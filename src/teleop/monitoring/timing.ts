/** How often servos are looked at while the loop runs, and what is waited for. One name, one value. */

/** Each servo of an arm is read whole at least this often, rate permitting, µs. */
export const SERVO_ROUND_US = {
  /** Temperatures and supplies change slowly. */
  leader: 600_000,
  /** Where it is tells obstacles, and ten times a second is what a person takes for live. */
  follower: 90_000,
} as const;

/**
 * Between those readings all servos of the follower are asked at once whether they still have their torque and their
 * configuration: one that lost its power for a moment would be driven by the next goal from wherever it has sagged to.
 */
export const GUARD_EVERY_US = 4_500;

/** A servo that does not answer is asked again at once; after so many times in a row it counts as silent. */
export const SILENT_AFTER_MISSES = 3;

/**
 * A reply of the follower may take this long. Ticks go on meanwhile: the reply is taken in when it is there, so that a
 * slow one costs the loop nothing.
 */
export const GUARD_PATIENCE_US = 10_000;

/** A reply of the follower that takes longer than this is worth waiting for before the next goals. */
export const GUARD_OVERDUE_US = 3_000;
