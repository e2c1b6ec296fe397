/** Watches the follower's servos in the slack of the control loop: all of them shortly, each in turn at length. */
import { CONFIGURED_ACCELERATION } from "../../arm/baseline.ts";
import { JOINT_COUNT } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/read.ts";
import { type Bus, ON_THE_LINE_US } from "../../feetech/bus.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import type { FollowerDrive } from "../loop/drive.ts";
import type { SharedState } from "../shared/state.ts";
import type { FiguresSink } from "./figures.ts";

/** Each servo is read at least this often, rate permitting. */
const ROUND_US = 90_000;

/** A servo that does not answer is asked again at once; after so many times in a row it counts as silent. */
const SILENT_AFTER = 3;

/**
 * A reply may take this long. Ticks go on meanwhile: the reply is taken in when it is there, so that a slow one
 * costs the loop nothing.
 */
const REPLY_TIMEOUT_US = 10_000;

/** What became of a servo since it was configured and energised. */
export type Verdict = "well" | "silent" | "reset";

/**
 * Between those readings it is asked of all servos at once whether they are still energised and configured: one that
 * lost its power for a moment would be energised by the next goal, wherever it has sagged to.
 */
const GUARD_EVERY_US = 4_500;

/** A reply that takes longer than this is worth waiting for before the next goals. */
const OVERDUE_US = 3_000;

/** Reads the follower's servos. {@link poll}, {@link settle} and {@link request} allocate nothing. */
export class HealthWatch {
  /** The verdict on the servo of {@link joint}; only "well" lets teleoperation go on. */
  verdict: Verdict = "well";
  /** The joint that was read, or missed, last. */
  joint = 0;

  readonly #bus: Bus;
  readonly #drive: FollowerDrive;
  readonly #shared: SharedState;
  readonly #figures: FiguresSink;
  readonly #reads = SERVO_IDS.map((id) => new ReadRequest([id], spanOf("torque_enable", "present_current")));
  readonly #guard = new ReadRequest(SERVO_IDS, spanOf("torque_enable", "acceleration"));
  #outstanding: ReadRequest | undefined;
  #askedUs = Number.NEGATIVE_INFINITY;
  #readUs = Number.NEGATIVE_INFINITY;
  #misses = 0;

  constructor(bus: Bus, drive: FollowerDrive, shared: SharedState, figures: FiguresSink) {
    this.#bus = bus;
    this.#drive = drive;
    this.#shared = shared;
    this.#figures = figures;
  }

  /** False while a servo owes an answer: it may have been reset, and no goal must be written until it has answered. */
  mayMove(nowUs: number): boolean {
    const overdue = this.#outstanding !== undefined && nowUs - this.#askedUs > OVERDUE_US;
    return this.verdict === "well" && this.#misses === 0 && !overdue;
  }

  /** Asks what is due, when the line is free: a servo that was missed again, the next one whole, or all shortly. */
  request(nowUs: number): void {
    if (this.#outstanding !== undefined) return;
    if (this.#misses > 0) this.#ask(this.#reads[this.joint]!, nowUs);
    else if (nowUs - this.#readUs >= ROUND_US / JOINT_COUNT) {
      this.joint = (this.joint + 1) % JOINT_COUNT;
      this.#readUs = nowUs;
      this.#ask(this.#reads[this.joint]!, nowUs);
    } else if (nowUs - this.#askedUs >= GUARD_EVERY_US) this.#ask(this.#guard, nowUs);
  }

  /** Takes in what has come, without waiting, and judges it. */
  poll(nowUs: number): void {
    const read = this.#outstanding;
    if (read === undefined || this.#take(read, 0) || nowUs - this.#askedUs <= REPLY_TIMEOUT_US) return;
    this.#bus.giveUp(read);
    this.#outstanding = undefined;
    this.#miss(read);
  }

  /**
   * Directly before goals: takes in what has come, and lets a reply that is on the line now arrive, at most
   * {@link ON_THE_LINE_US} after it was asked for. No time grid is so fine that it waits here, unless the loop catches
   * up.
   */
  settle(): void {
    if (this.#outstanding !== undefined) this.#take(this.#outstanding, this.#askedUs + ON_THE_LINE_US);
  }

  #ask(read: ReadRequest, nowUs: number): void {
    this.#bus.request(read);
    this.#askedUs = nowUs;
    this.#outstanding = read;
  }

  /** Takes the answers in if they come until then; true when nothing more will come. */
  #take(read: ReadRequest, untilUs: number): boolean {
    if (!this.#bus.poll(read, untilUs)) return false;
    this.#outstanding = undefined;
    if (!read.complete) {
      this.#miss(read);
      return true;
    }
    this.#misses = 0;
    if (read === this.#guard) {
      for (let joint = 0; joint < JOINT_COUNT; joint++) this.#judge(read, joint, joint);
    } else {
      this.#publish(read);
      this.#judge(read, 0, this.joint);
    }
    return true;
  }

  #miss(read: ReadRequest): void {
    if (read === this.#guard) {
      this.joint = 0;
      while (read.hasAnswerFrom(this.joint)) this.joint++;
    }
    this.#misses++;
    this.#shared.count("followerMisses");
    if (this.#misses >= SILENT_AFTER) this.verdict = "silent";
  }

  #publish(read: ReadRequest): void {
    const { joint } = this;
    const position = read.value(0, "present_position");
    this.#shared.setJoint("follower", joint, "position", position);
    this.#drive.saw(joint, position);
    this.#figures(joint, read);
    if (read.value(0, "goal_velocity") !== this.#drive.goalVelocity(joint)) this.#drive.repeatVelocity(joint);
  }

  #judge(read: ReadRequest, index: number, joint: number): void {
    const energised = read.value(index, "torque_enable") === 1;
    if (energised && read.value(index, "acceleration") === CONFIGURED_ACCELERATION) return;
    this.joint = joint;
    this.verdict = "reset";
  }
}
