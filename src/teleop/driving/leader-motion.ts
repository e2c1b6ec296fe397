/**
 * Whether a person moves the leader: not a table that was bumped, nor an arm that lies. Pure: readings and times in, an
 * opinion out.
 */
import { JOINT_COUNT } from "../../arm/joints.ts";
import { isPosition } from "../../arm/servos/read.ts";
import { degrees, degreesToSteps, STEPS_PER_TURN } from "../../feetech/units.ts";
import { JumpGuard } from "../loop/jump-guard.ts";

/** A joint that goes so far, in degrees, … */
export const MOVED_DEG = 10;
const MOVED_STEPS = degreesToSteps(degrees(MOVED_DEG));
/** … within so long is moved. */
const WITHIN_US = 1_000_000;
/** A motion that lasts so long is no bump. */
const LASTS_US = 1_000_000;
/** A motion goes on while a joint goes so far … */
const GOES_ON_STEPS = degreesToSteps(degrees(1));
/** … within so long. */
const RESTS_AFTER_US = 300_000;
/** Readings are taken in at this distance at least: so many are within the time. */
const EVERY_US = 18_000;
const KEPT = Math.ceil(WITHIN_US / EVERY_US) + 1;

/** What the leader does: nothing; it was moved, and moves still; it has moved for so long that somebody has it in hand. */
export type LeaderMotionState = "still" | "moving" | "lasting";

/** Watches one leader. Times are µs of one clock. Nothing here allocates after construction. */
export class LeaderMotion {
  readonly #jumps = new JumpGuard();
  /** As read last, and the same without seams. */
  readonly #read = new Int32Array(JOINT_COUNT);
  readonly #now = new Float64Array(JOINT_COUNT);
  /** The readings within the time, in a ring. */
  readonly #times = new Float64Array(KEPT);
  readonly #ring = new Float64Array(KEPT * JOINT_COUNT);
  #count = 0;
  /** Of these how far each joint went to either side, as they are looked through. */
  readonly #least = new Float64Array(JOINT_COUNT);
  readonly #most = new Float64Array(JOINT_COUNT);
  /** Where it was when it was last seen to move on, when that was, and when the motion began. */
  readonly #mark = new Float64Array(JOINT_COUNT);
  #markUs = Number.NEGATIVE_INFINITY;
  #begunUs = Number.NEGATIVE_INFINITY;
  #lastUs = Number.NEGATIVE_INFINITY;
  #isMoved = false;

  /** Takes in where the leader's joints are, in steps; `UNKNOWN_STEPS` of one that has never answered. */
  see(nowUs: number, positions: ArrayLike<number>): void {
    const passedUs = nowUs - this.#lastUs;
    if (passedUs < EVERY_US) return;
    // Of what was not read for so long it is not known how it got there.
    if (passedUs > RESTS_AFTER_US) this.#begin(positions);
    else if (!this.#jumps.believes(positions, this.#read, passedUs)) return;
    else this.#follow(nowUs, positions);
    this.#lastUs = nowUs;
    this.#keep(nowUs);
    if (nowUs - this.#markUs > RESTS_AFTER_US) this.#rest();
    else if (!this.#isMoved) this.#look(nowUs);
  }

  /** What it does, as of `nowUs`. */
  stateAt(nowUs: number): LeaderMotionState {
    if (!this.#isMoved || nowUs - this.#markUs > RESTS_AFTER_US) return "still";
    return nowUs - this.#begunUs >= LASTS_US ? "lasting" : "moving";
  }

  #begin(positions: ArrayLike<number>): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      this.#read[joint] = positions[joint]!;
      this.#now[joint] = positions[joint]!;
    }
    this.#mark.set(this.#now);
    this.#markUs = Number.NEGATIVE_INFINITY;
    this.#rest();
  }

  #follow(nowUs: number, positions: ArrayLike<number>): void {
    let goesOn = false;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      // Where it was is not known of a joint that has not answered before.
      const from = isPosition(this.#read[joint]!) ? this.#read[joint]! : positions[joint]!;
      const way = positions[joint]! - from;
      // Across the seam of a turn it is the other way round.
      this.#now[joint]! += way - STEPS_PER_TURN * Math.round(way / STEPS_PER_TURN);
      this.#read[joint] = positions[joint]!;
      if (Math.abs(this.#now[joint]! - this.#mark[joint]!) >= GOES_ON_STEPS) goesOn = true;
    }
    if (!goesOn) return;
    if (nowUs - this.#markUs > RESTS_AFTER_US) this.#begunUs = this.#lastUs;
    this.#mark.set(this.#now);
    this.#markUs = nowUs;
  }

  #keep(nowUs: number): void {
    const at = this.#count++ % KEPT;
    this.#times[at] = nowUs;
    this.#ring.set(this.#now, at * JOINT_COUNT);
  }

  /** It rests: what it has done is done. */
  #rest(): void {
    this.#isMoved = false;
    this.#count = 0;
    this.#keep(this.#lastUs);
  }

  /**
   * Whether a joint has gone so far within the time. The motion began no earlier than that says: one that crept before it
   * was bumped has not moved for as long as it crept.
   */
  #look(nowUs: number): void {
    this.#least.set(this.#now);
    this.#most.set(this.#now);
    for (let count = this.#count - 1; count >= Math.max(this.#count - KEPT, 0); count--) {
      const timeUs = this.#times[count % KEPT]!;
      if (nowUs - timeUs > WITHIN_US) return;
      if (this.#widen(count % KEPT) < MOVED_STEPS) continue;
      this.#isMoved = true;
      this.#begunUs = Math.max(this.#begunUs, timeUs);
      return;
    }
  }

  /** Takes in a kept reading; how far the joint has gone that went furthest, in steps. */
  #widen(at: number): number {
    let furthest = 0;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const position = this.#ring[at * JOINT_COUNT + joint]!;
      if (position < this.#least[joint]!) this.#least[joint] = position;
      if (position > this.#most[joint]!) this.#most[joint] = position;
      furthest = Math.max(furthest, this.#most[joint]! - this.#least[joint]!);
    }
    return furthest;
  }
}
