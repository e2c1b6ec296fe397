/** How often servos are looked at while the loop runs, and what is waited for. One name, one value. */

/** Each servo of an arm is read whole at least this often, rate permitting, µs. */
export const SERVO_ROUND_US = {
  /** Temperatures and supplies change slowly. */
  leader: 600_000,
  /** Where it is tells obstacles, and ten times a second is what a person takes for live. */
  follower: 90_000,
} as const;

/**
 * Where all joints of the follower are is read this often, µs, as the tick allows: a picture of it moves smoothly with 30 a
 * second, of which some may be lost. Where there is no time to read all at once they are as often as the servos whole.
 */
export const POSITIONS_EVERY_US = 16_000;

/**
 * Between those readings all servos of the follower are asked at once whether they still have their torque and their
 * configuration: one that lost its power for a moment would be driven by the next goal from wherever it has sagged to.
 */
export const GUARD_EVERY_US = 4_500;

/**
 * All servos of the follower are read whole at once, so that none is left out, when there is this much time between two
 * goals, µs: six replies of 37 bytes take 2.2 ms. In less time they are read one after the other, and between two goals
 * the others are not looked at.
 */
export const WHOLE_AT_ONCE_FROM_US = 4_000;

/** A servo that does not answer is asked again at once; after so many times in a row it counts as silent. */
export const SILENT_AFTER_MISSES = 3;

/** Behind a slow port all are asked together, at most this often: each reading has goals wait for it. */
export const GUARD_EVERY_SLOW_US = 15_000;

/** A slow leader is asked for one servo's figures when that costs no more than this share of its readings. */
export const SLOW_LEADER_SHARE = 1 / 30;

/**
 * A reply of the follower may take this long, or longer where its round trip is. Ticks go on meanwhile: the reply is
 * taken in when it is there, so that a slow one costs the loop nothing.
 */
export const GUARD_PATIENCE_US = 10_000;

/**
 * Goals are written while a reading of the follower is owed, for so long on a cable, else for as long as its replies
 * take, …
 */
export const GUARD_OVERDUE_US = 3_000;
/** … but never for longer than this: a servo that lost its power meanwhile is not driven further than that. */
export const GUARD_OVERDUE_AT_MOST_US = 50_000;

/** So long six goals are on the line, with their velocities, µs. */
export const GOALS_ON_THE_LINE_US = 500;
