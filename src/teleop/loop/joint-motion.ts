/**
 * How the goal of one joint moves, in one of three modes.
 *
 * aligning: toward its target at the aligning speed, until it has met it. following: toward its target at the following
 * speed. obstructed: something stops the joint; the goal leads it by a bounded distance, and follows again as soon as its
 * target is nearer than that.
 */

/** What a joint's goal does. */
export type MotionMode = "aligning" | "following" | "obstructed";

/** How fast a goal may move, in steps/s. */
export interface GoalSpeeds {
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
export const PRESS_STEPS = 228; // 20°

/** Whether a joint stands still by its servo's own speed, in steps/s. */
export function isUnmoved(stepsPerS: number): boolean {
  return Math.abs(stepsPerS) < UNMOVED_STEPS_PER_S;
}

/** The motion of one joint. Nothing here allocates. */
export class JointMotion {
  readonly #range: Range;
  readonly #speeds: GoalSpeeds;
  #mode: MotionMode = "aligning";
  #goal = -1;
  /** The part of a step that the last goal might have moved by, and could not. */
  #carry = 0;
  /** From the goal to its target, as of the goal before. */
  #distance = 0;
  /** Where the joint was seen last, … */
  #seen = 0;
  /** … and how often in a row behind its goal and unmoved. */
  #unmoved = 0;
  /** While obstructed: the side of the goal on which the obstacle is, −1 or 1; else 0. */
  #side = 0;
  /** While obstructed: where it was when that was noticed, and how far it got since. */
  #noticedAt = 0;
  #reached = 0;
  /** While obstructed: how far the goal may lead that. */
  #lead = PRESS_STEPS;
  /** While obstructed: whether it was following before, … */
  #wasFollowing = false;
  /** … or has met its target as far as it may. */
  #hasMet = false;
  /**
   * While aligning after an obstacle gave way: the side on which that was, −1 or 1, until the target comes back to the
   * goal; else 0.
   */
  #freed = 0;
  #slow = false;

  constructor(range: Range, speeds: GoalSpeeds) {
    this.#range = range;
    this.#speeds = speeds;
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

  /** Whether its goal may lead it by less than it may others, because it has pressed for too long. */
  get isEased(): boolean {
    return this.#mode === "obstructed" && this.#lead < PRESS_STEPS;
  }

  /** By how much its goal may lead what stops it, in steps, until it is free: {@link PRESS_STEPS} at most. */
  set lead(steps: number) {
    this.#lead = steps;
  }

  /** Whether the servo itself is to keep to the aligning speed. */
  get isSlow(): boolean {
    return this.#mode !== "following";
  }

  /** Whether it moves at the aligning speed only. From slow to fast it aligns first. */
  set slow(slow: boolean) {
    if (slow === this.#slow) return;
    this.#slow = slow;
    this.#freed = 0;
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
    this.#freed = 0;
  }

  /** Has a joint that follows align again. */
  align(): void {
    if (this.#mode === "following") this.#mode = "aligning";
    this.#wasFollowing = false;
    this.#hasMet = false;
    this.#freed = 0;
  }

  /**
   * Moves the goal toward a target by at most what the time since the goal before allows, in s. Returns true when the
   * goal has met its target since the joint began to align.
   */
  advance(wanted: number, seconds: number): boolean {
    const target = this.#inRange(wanted);
    const aim = this.#aim(target);
    const way = aim - this.#goal;
    const allowance = this.#speed(way) * seconds + this.#carry;
    const limit = Math.floor(allowance);
    this.#carry = allowance - limit;
    const distance = target - this.#goal;
    this.#goal += Math.min(Math.max(way, -limit), limit);
    // A target that moves may pass the goal between two readings: that is a meeting too.
    const passed = distance * this.#distance < 0 && Math.abs(distance) <= this.#speeds.following * seconds;
    this.#distance = distance;
    if (this.#mode === "obstructed") {
      if (this.#goal === aim) this.#hasMet = true;
      return false;
    }
    if (Math.abs(distance) <= limit || passed) {
      this.#mode = this.#slow ? "aligning" : "following";
      return true;
    }
    return this.#mode === "following";
  }

  /** Whether a joint that follows has its goal at its target. */
  isAt(wanted: number): boolean {
    return this.#mode === "following" && this.#goal === this.#inRange(wanted);
  }

  /** How long after the goal before a joint that follows may be given its target itself, s; 0 for any other. */
  secondsTo(wanted: number): number {
    if (this.#mode !== "following") return 0;
    return Math.abs(this.#inRange(wanted) - this.#goal) / this.#speeds.following;
  }

  /**
   * Takes in where the joint is, and how fast it moves, to notice that something stops it. About ten times a second,
   * less often at a rate below 60 Hz.
   */
  see(position: number, stepsPerS = 0): void {
    const ahead = this.#goal - position;
    const unmoved = Math.abs(position - this.#seen) < UNMOVED_STEPS && isUnmoved(stepsPerS);
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
    this.#wasFollowing = this.#mode === "following" || this.#freed !== 0;
    this.#hasMet = this.#wasFollowing;
    this.#mode = "obstructed";
    this.#side = Math.sign(ahead);
    this.#noticedAt = position;
    this.#reached = position;
    this.#lead = PRESS_STEPS;
  }

  /** Where the goal may go: to its target, but against an obstacle only so far. */
  #aim(target: number): number {
    if (this.#mode === "obstructed") {
      const furthest = this.#reached + this.#side * PRESS_STEPS;
      if ((target - furthest) * this.#side > 0) return this.#reached + this.#side * this.#lead;
      this.#leaveObstacle(target);
    }
    // A target that comes back to the goal is followed; one that is further only slowly: the obstacle gave way.
    if (this.#freed !== 0 && (target - this.#goal) * this.#freed <= 0) this.#mode = "following";
    if (this.#mode === "following") this.#freed = 0;
    return target;
  }

  /**
   * A joint that was following goes on with it, though its goal led by less for a while. Where the obstacle gave way, the
   * goal gets that far slowly, as does one that has never met its target: until the target comes back to it.
   */
  #leaveObstacle(target: number): void {
    const isBeyond = (target - this.#noticedAt) * this.#side > PRESS_STEPS;
    const follows = this.#hasMet && !this.#slow;
    const isNear = follows && this.#wasFollowing && !isBeyond;
    this.#mode = isNear ? "following" : "aligning";
    this.#freed = follows && !isNear ? this.#side : 0;
    this.#side = 0;
  }

  #inRange(wanted: number): number {
    return Math.min(Math.max(wanted, this.#range.min), this.#range.max);
  }

  /** A goal that comes back to where its joint is drives it nowhere, and may be as fast as it was before. */
  #speed(way: number): number {
    const { aligning, following } = this.#speeds;
    switch (this.#mode) {
      case "following":
        return following;
      case "aligning":
        return aligning;
      case "obstructed":
        return this.#hasMet && this.#side * way < 0 ? following : aligning;
    }
  }
}
