/**
 * How the goal of one joint moves, in one of three modes.
 *
 * aligning: toward its target at the aligning speed, until it has met it. following: toward its target at the following
 * speed. obstructed: something stops the joint; the goal leads it by a bounded distance.
 */

/** What a joint's goal does. */
export type MotionMode = "aligning" | "following" | "obstructed";

/** What a goal may move by in one tick, in steps; not always whole ones. */
export interface TickAllowances {
  readonly aligning: number;
  readonly following: number;
}

/** The calibrated range of a joint, in steps. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * A joint this far behind its goal that does not move meets an obstacle. The position loop alone lags by 100 ms, which
 * is more than this only in fast motion, and a heavy arm droops by a few degrees.
 */
const OBSTRUCTED_FROM_STEPS = 284; // 25°
/** Not moved: between two readings of a joint, 90 ms apart, … */
const UNMOVED_STEPS = 12; // 1°
/** … and by the servo's own speed: at a low rate readings are so far apart that it may have been away and back. */
const UNMOVED_STEPS_PER_S = 133;
const OBSTRUCTED_AFTER_READINGS = 2;
/** How far its goal stays ahead of it meanwhile: enough for the servo's whole force, and no more to snap back from. */
const PRESS_STEPS = 228; // 20°

/** The motion of one joint. Nothing here allocates. */
export class JointMotion {
  readonly #range: Range;
  readonly #allowances: TickAllowances;
  #mode: MotionMode = "aligning";
  #goal = -1;
  /** The part of a step that was not used of the last tick's allowance. */
  #carry = 0;
  /** From the goal to its target, as of the tick before. */
  #distance = 0;
  /** Where the joint was seen last, … */
  #seen = 0;
  /** … and how often in a row behind its goal and unmoved. */
  #unmoved = 0;
  /** While obstructed: the side of the goal on which the obstacle is, −1 or 1; else 0. */
  #side = 0;
  /** While obstructed: how far it got. */
  #reached = 0;
  /** While obstructed: whether it was following before. */
  #wasFollowing = false;
  #slow = false;

  constructor(range: Range, allowances: TickAllowances) {
    this.#range = range;
    this.#allowances = allowances;
  }

  get mode(): MotionMode {
    return this.#mode;
  }

  /** The goal, in steps; −1 before {@link begin}. */
  get goal(): number {
    return this.#goal;
  }

  /** Where the joint was seen last, in steps. */
  get seenAt(): number {
    return this.#seen;
  }

  /** The side on which it meets an obstacle, −1 or 1; 0 when it meets none. */
  get obstacleSide(): number {
    return this.#side;
  }

  /** Whether the servo itself is to keep to the aligning speed. */
  get isSlow(): boolean {
    return this.#mode !== "following";
  }

  /** Whether it moves at the aligning speed only. From slow to fast it aligns first. */
  set slow(slow: boolean) {
    if (slow === this.#slow) return;
    this.#slow = slow;
    if (this.#mode === "following") this.#mode = "aligning";
  }

  /** Begins to align from a goal, with the joint where it was just read. */
  begin(goal: number, present: number): void {
    this.#mode = "aligning";
    this.#goal = goal;
    this.#carry = 0;
    this.#distance = 0;
    this.#seen = present;
    this.#unmoved = 0;
    this.#side = 0;
  }

  /** Has a joint that follows align again. */
  align(): void {
    if (this.#mode === "following") this.#mode = "aligning";
    else this.#wasFollowing = false;
  }

  /**
   * Moves the goal toward a target by at most what one tick allows. Returns true when the goal has met its target since
   * the joint began to align.
   */
  advance(wanted: number): boolean {
    const target = this.#aim(wanted);
    const distance = target - this.#goal;
    const allowance = this.#allowance(distance) + this.#carry;
    const limit = Math.floor(allowance);
    this.#carry = allowance - limit;
    this.#goal += Math.min(Math.max(distance, -limit), limit);
    if (this.#mode === "obstructed") return false;
    const { following } = this.#allowances;
    // A target that moves may pass the goal between two ticks: that is a meeting too.
    const passed = distance * this.#distance < 0 && Math.abs(distance) <= following;
    this.#distance = distance;
    if (Math.abs(distance) <= limit || passed) {
      this.#mode = this.#slow ? "aligning" : "following";
      return true;
    }
    return this.#mode === "following";
  }

  /**
   * Takes in where the joint is, and how fast it moves, to notice that something stops it. About ten times a second,
   * less often at a rate below 60 Hz.
   */
  see(position: number, stepsPerS = 0): void {
    const ahead = this.#goal - position;
    const unmoved =
      Math.abs(position - this.#seen) < UNMOVED_STEPS && Math.abs(stepsPerS) < UNMOVED_STEPS_PER_S;
    this.#seen = position;
    if (this.#mode === "obstructed") {
      // What pushes a joint back does not make its goal yield: else it would give way for ever.
      const side = this.#side;
      this.#reached = side * Math.max(side * this.#reached, side * position);
      return;
    }
    if (!unmoved || Math.abs(ahead) <= OBSTRUCTED_FROM_STEPS) {
      this.#unmoved = 0;
      return;
    }
    this.#unmoved++;
    if (this.#unmoved < OBSTRUCTED_AFTER_READINGS) return;
    this.#unmoved = 0;
    this.#wasFollowing = this.#mode === "following";
    this.#mode = "obstructed";
    this.#side = Math.sign(ahead);
    this.#reached = position;
  }

  /** Where the goal may go: to its target within the calibrated range, but against an obstacle only so far. */
  #aim(wanted: number): number {
    const target = Math.min(Math.max(wanted, this.#range.min), this.#range.max);
    if (this.#mode !== "obstructed") return target;
    const side = this.#side;
    const furthest = this.#reached + side * PRESS_STEPS;
    if ((target - furthest) * side > 0) return furthest;
    this.#side = 0;
    this.#distance = 0;
    // Away from the obstacle at once, but to where it was slowly.
    const beside = (target - this.#seen) * side <= 0;
    this.#mode = beside && this.#wasFollowing && !this.#slow ? "following" : "aligning";
    return target;
  }

  /** A goal that comes back to where its joint is drives it nowhere, and may be as fast as it was before. */
  #allowance(distance: number): number {
    const { aligning, following } = this.#allowances;
    switch (this.#mode) {
      case "following":
        return following;
      case "aligning":
        return aligning;
      case "obstructed":
        return this.#wasFollowing && this.#side * distance < 0 ? following : aligning;
    }
  }
}
