/** Reads the leader's positions, tick by tick, and keeps the leader limp. */
import { degreesToSteps, JOINT_COUNT } from "../../arm/joints.ts";
import { isPosition, SERVO_IDS } from "../../arm/read.ts";
import { type Bus, ON_THE_LINE_US } from "../../feetech/bus.ts";
import { STEPS_PER_TURN } from "../../feetech/registers.ts";
import { ReadRequest, spanOf, WriteRequest } from "../../feetech/requests.ts";
import type { FiguresSink } from "../monitoring/figures.ts";

/**
 * How long the loop waits for the leader's answers. Six servos need 1 to 2 ms; the rest is patience with a busy USB
 * stack, beyond which the next reading is worth more than this one.
 */
const REPLY_TIMEOUT_US = 20_000;

/** Each servo is read whole at least this often: temperatures and supplies change slowly. */
const ROUND_US = 600_000;

/** No hand turns a joint faster than this, in steps/µs, … */
const FASTEST = degreesToSteps(2_000) / 1e6;
/** … and so much more may come of noise. */
const NOISE_STEPS = degreesToSteps(3);
/** What a joint cannot have done is believed when it was read so many times in a row. */
const JUMP_BELIEVED_AFTER = 3;

/** A leader that is being read. Allocates nothing. */
export class LeaderReader {
  /** The positions last read, in steps; valid once {@link collect} has returned true. */
  readonly positions = new Int32Array(JOINT_COUNT);

  readonly #bus: Bus;
  readonly #narrow = new ReadRequest(SERVO_IDS, spanOf("present_position"));
  /**
   * Asked in place of the narrow read after a miss: so the answer to the narrow one, should it come now, has a length
   * that nobody waits for, and is not taken for news.
   */
  readonly #wide = new ReadRequest(SERVO_IDS, spanOf("present_position", "present_velocity"));
  readonly #torque = new ReadRequest(SERVO_IDS, spanOf("torque_enable"));
  readonly #torqueOff = new WriteRequest(SERVO_IDS, spanOf("torque_enable"));
  #read = this.#narrow;
  /** After a miss: a servo that lost its power for a moment is silent for a moment, and may come back energised. */
  #mustCheck = false;
  readonly #whole = SERVO_IDS.map((id) => new ReadRequest([id], spanOf("torque_enable", "present_current")));
  readonly #figures: FiguresSink;
  /** The read that was asked in the slack of the tick before. */
  #slackRead: ReadRequest | undefined;
  #askedUs = 0;
  #wholeJoint = 0;
  #wholeUs = Number.NEGATIVE_INFINITY;
  #freshUs = Number.NEGATIVE_INFINITY;
  /** How often in a row the positions were not where a joint could have gone. */
  #jumps = 0;
  /** The joint that has jumped, once that is believed, until the caller takes it; −1 for none. */
  jumped = -1;

  constructor(bus: Bus, figures: FiguresSink) {
    this.#bus = bus;
    this.#figures = figures;
  }

  /** Asks for the positions. */
  request(): void {
    this.#bus.request(this.#read);
  }

  /** Waits for the positions that were asked for at `askedUs`; false when one is missing or is no position. */
  collect(askedUs: number): boolean {
    const read = this.#read;
    const complete = this.#bus.collect(read, askedUs + REPLY_TIMEOUT_US);
    this.#read = complete || read === this.#wide ? this.#narrow : this.#wide;
    if (!complete) {
      this.#mustCheck = true;
      return false;
    }
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      if (!isPosition(read.value(joint, "present_position"))) return false;
    }
    if (!this.#isBelievable(read, askedUs)) return false;
    this.#freshUs = askedUs;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      this.positions[joint] = read.value(joint, "present_position");
    }
    return true;
  }

  /** In the slack of a tick that has heard the leader: asks for its torque after a miss, else for one servo's figures. */
  useSlack(nowUs: number): void {
    if (this.#mustCheck) {
      this.#slackRead = this.#torque;
    } else if (nowUs - this.#wholeUs >= ROUND_US / JOINT_COUNT) {
      this.#wholeUs = nowUs;
      this.#wholeJoint = (this.#wholeJoint + 1) % JOINT_COUNT;
      this.#slackRead = this.#whole[this.#wholeJoint]!;
    } else {
      return;
    }
    this.#bus.request(this.#slackRead);
    this.#askedUs = nowUs;
  }

  /**
   * At the start of a tick: takes in what {@link useSlack} has asked for. Returns true when a servo was found
   * energised, as some firmware is after a loss of power; then it has been switched off.
   */
  limpened(): boolean {
    const read = this.#slackRead;
    if (read === undefined) return false;
    this.#slackRead = undefined;
    if (!this.#bus.poll(read, this.#askedUs + ON_THE_LINE_US) || !read.complete) return false;
    if (read === this.#torque) this.#mustCheck = false;
    else this.#figures(this.#wholeJoint, read);
    for (let index = 0; index < read.ids.length; index++) {
      if (read.value(index, "torque_enable") === 0) continue;
      this.#bus.send(this.#torqueOff);
      this.#mustCheck = true; // whether that was heard
      return true;
    }
    return false;
  }

  /**
   * Whether every joint can have come from where it was to where it was read. One damaged reading has the right
   * checksum now and then; what is read again and again is where the joint is.
   */
  #isBelievable(read: ReadRequest, askedUs: number): boolean {
    const reach = NOISE_STEPS + FASTEST * (askedUs - this.#freshUs);
    let jumped = -1;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const way = Math.abs(read.value(joint, "present_position") - this.positions[joint]!);
      // Across the seam of a turn it is the other way round.
      if (Math.min(way, STEPS_PER_TURN - way) > reach) jumped = joint;
    }
    if (jumped === -1) this.#jumps = 0;
    else if (++this.#jumps < JUMP_BELIEVED_AFTER) return false;
    else this.jumped = jumped;
    return true;
  }
}
