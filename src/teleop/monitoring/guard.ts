/** Guards the follower in the slack of the control loop: all its servos shortly, each in turn at length. */

import { JOINT_COUNT } from "../../arm/joints.ts";
import type { Marks } from "../../arm/servos/baseline.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import { type Bus, ON_THE_LINE_US } from "../../feetech/bus.ts";
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
  readonly #guard: ReadRequest;
  readonly #marks: Marks;
  /** The goal velocities that the servos had when they were asked last; −1 where that is not known. */
  readonly #sentVelocities = new Int32Array(JOINT_COUNT);
  #outstanding: ReadRequest | undefined;
  #askedUs = Number.NEGATIVE_INFINITY;
  #readUs = Number.NEGATIVE_INFINITY;
  #misses = 0;

  /** `marks` are by what the servos show that they are configured. */
  constructor(bus: Bus, drive: FollowerDrive, telemetry: Telemetry, figures: FiguresSink, marks: Marks) {
    this.#guard = new ReadRequest(
      SERVO_IDS,
      spanOf("torque_enable", marks.includes(undefined) ? "goal_velocity" : "acceleration"),
    );
    this.#marks = marks;
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

  /** Whether an answer to something that was asked may still come. */
  get isOwed(): boolean {
    return this.#outstanding !== undefined;
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
    for (let joint = 0; joint < JOINT_COUNT; joint++)
      this.#sentVelocities[joint] = this.#drive.sentVelocity(joint);
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
    this.#drive.see(joint, position, read.value(0, "present_velocity"));
    this.#figures(joint, read);
    if (read.value(0, "goal_velocity") !== this.#drive.goalVelocity(joint)) this.#drive.repeatVelocity(joint);
  }

  #judge(read: ReadRequest, index: number, joint: number): void {
    if (read.value(index, "torque_enable") === 1 && this.#isConfigured(read, index, joint)) return;
    this.#joint = joint;
    this.#verdict = "reset";
  }

  /** Whether a servo shows that it is configured; where it has no mark, by a goal velocity that is 0 after power-on. */
  #isConfigured(read: ReadRequest, index: number, joint: number): boolean {
    const mark = this.#marks[joint];
    if (mark !== undefined) return read.value(index, "acceleration") === mark;
    return this.#sentVelocities[joint]! <= 0 || read.value(index, "goal_velocity") !== 0;
  }
}
