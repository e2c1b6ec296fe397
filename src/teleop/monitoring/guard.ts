/** Guards the follower in the slack of the control loop: all its servos shortly, each in turn at length. */

import { JOINT_COUNT } from "../../arm/joints.ts";
import { CONFIGURED_ACCELERATION } from "../../arm/servos/baseline.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import { type Bus, ON_THE_LINE_US } from "../../feetech/bus.ts";
import { physicalValue } from "../../feetech/registers.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import type { FollowerDrive } from "../loop/drive.ts";
import type { Telemetry } from "../shared/telemetry.ts";
import type { FiguresSink } from "./figures.ts";
import {
  GUARD_EVERY_US,
  GUARD_OVERDUE_US,
  GUARD_PATIENCE_US,
  SERVO_ROUND_US,
  SILENT_AFTER_MISSES,
} from "./timing.ts";

/** What became of a servo since it was configured and its torque was switched on. */
export type Verdict = "well" | "silent" | "reset";

/** Reads the follower's servos. {@link poll}, {@link settle} and {@link request} allocate nothing. */
export class FollowerGuard {
  /** Where the joints were seen last, in steps. */
  readonly positions: Int32Array;

  #verdict: Verdict = "well";
  #joint = 0;
  readonly #bus: Bus;
  readonly #drive: FollowerDrive;
  readonly #telemetry: Telemetry;
  readonly #figures: FiguresSink;
  readonly #reads = SERVO_IDS.map((id) => new ReadRequest([id], spanOf("torque_enable", "present_current")));
  readonly #guard = new ReadRequest(SERVO_IDS, spanOf("torque_enable", "acceleration"));
  #outstanding: ReadRequest | undefined;
  #askedUs = Number.NEGATIVE_INFINITY;
  #readUs = Number.NEGATIVE_INFINITY;
  #misses = 0;

  constructor(bus: Bus, drive: FollowerDrive, telemetry: Telemetry, figures: FiguresSink) {
    this.#bus = bus;
    this.#drive = drive;
    this.#telemetry = telemetry;
    this.#figures = figures;
    this.positions = Int32Array.from(SERVO_IDS, (_, joint) => drive.motionOf(joint).seenAt);
  }

  /** The verdict on the servo of {@link joint}; only "well" lets teleoperation go on. */
  get verdict(): Verdict {
    return this.#verdict;
  }

  /** The joint that was read, or missed, last. */
  get joint(): number {
    return this.#joint;
  }

  /** False while a servo owes an answer: it may have been reset, and no goal must be written until it has answered. */
  mayMove(nowUs: number): boolean {
    const overdue = this.#outstanding !== undefined && nowUs - this.#askedUs > GUARD_OVERDUE_US;
    return this.#verdict === "well" && this.#misses === 0 && !overdue;
  }

  /** Asks what is due, when the line is free: a servo that was missed again, the next one whole, or all shortly. */
  request(nowUs: number): void {
    if (this.#outstanding !== undefined) return;
    if (this.#misses > 0) this.#ask(this.#reads[this.#joint]!, nowUs);
    else if (nowUs - this.#readUs >= SERVO_ROUND_US.follower / JOINT_COUNT) {
      this.#joint = (this.#joint + 1) % JOINT_COUNT;
      this.#readUs = nowUs;
      this.#ask(this.#reads[this.#joint]!, nowUs);
    } else if (nowUs - this.#askedUs >= GUARD_EVERY_US) this.#ask(this.#guard, nowUs);
  }

  /** Takes in what has come, without waiting, and judges it. */
  poll(nowUs: number): void {
    const read = this.#outstanding;
    if (read === undefined || this.#take(read, 0) || nowUs - this.#askedUs <= GUARD_PATIENCE_US) return;
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
      this.#judge(read, 0, this.#joint);
    }
    return true;
  }

  #miss(read: ReadRequest): void {
    if (read === this.#guard) {
      this.#joint = 0;
      while (read.hasAnswerFrom(this.#joint)) this.#joint++;
    }
    this.#misses++;
    this.#telemetry.count("followerMisses");
    if (this.#misses >= SILENT_AFTER_MISSES) this.#verdict = "silent";
  }

  #publish(read: ReadRequest): void {
    const joint = this.#joint;
    const position = read.value(0, "present_position");
    this.#telemetry.setJoint("follower", joint, "position", position);
    this.positions[joint] = position;
    this.#drive.see(joint, position, physicalValue("present_current", read.value(0, "present_current")));
    this.#figures(joint, read);
    if (read.value(0, "goal_velocity") !== this.#drive.goalVelocity(joint)) this.#drive.repeatVelocity(joint);
  }

  #judge(read: ReadRequest, index: number, joint: number): void {
    const torqueIsOn = read.value(index, "torque_enable") === 1;
    if (torqueIsOn && read.value(index, "acceleration") === CONFIGURED_ACCELERATION) return;
    this.#joint = joint;
    this.#verdict = "reset";
  }
}
