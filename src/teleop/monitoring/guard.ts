/** Guards the follower in the slack of the control loop: all its servos shortly, each in turn at length. */

import { JOINT_COUNT } from "../../arm/joints.ts";
import type { Marks } from "../../arm/servos/baseline.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { physicalValue } from "../../feetech/registers.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import type { FollowerDrive } from "../loop/drive.ts";
import type { SampleWriter } from "../shared/samples.ts";
import type { Telemetry } from "../shared/telemetry.ts";
import type { FiguresSink } from "./figures.ts";
import {
  GOALS_ON_THE_LINE_US,
  GUARD_EVERY_SLOW_US,
  GUARD_EVERY_US,
  GUARD_OVERDUE_AT_MOST_US,
  GUARD_OVERDUE_US,
  GUARD_PATIENCE_US,
  POSITIONS_EVERY_US,
  SERVO_ROUND_US,
  SILENT_AFTER_MISSES,
  WHOLE_AT_ONCE_FROM_US,
} from "./timing.ts";

/** What became of a servo since it was configured and its torque was switched on. */
export type Verdict = "well" | "silent" | "reset";

/** What a guard must know beside what it reads. */
export interface GuardOptions {
  readonly marks: Marks;
  readonly rateHz: number;
  readonly samples: Pick<SampleWriter, "areRecorded">;
}

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
  readonly #periodUs: number;
  /** Each servo alone, whole. */
  readonly #reads = SERVO_IDS.map((id) => new ReadRequest([id], spanOf("torque_enable", "present_current")));
  /**
   * Each alone, asked again in lengths that nothing else has: so a reply to what was asked before is not taken for news.
   * Both have all that a servo is judged by.
   */
  readonly #again = SERVO_IDS.map((id) =>
    (["torque_limit", "lock"] as const).map((last) => new ReadRequest([id], spanOf("torque_enable", last))),
  );
  /** All of them shortly, … */
  readonly #guard: ReadRequest;
  /** … up to where they are, … */
  readonly #seen = new ReadRequest(SERVO_IDS, spanOf("torque_enable", "present_position"));
  /** … where they are alone, in a length that nothing else has, … */
  readonly #where = new ReadRequest(SERVO_IDS, spanOf("present_position", "present_velocity"));
  /** … and whole, where the rate has the time, or the port is so slow that there is none to ask one after the other. */
  readonly #all = new ReadRequest(SERVO_IDS, spanOf("torque_enable", "present_current"));
  readonly #marks: Marks;
  readonly #hasUnmarked: boolean;
  readonly #samples: Pick<SampleWriter, "areRecorded">;
  /** Where some servo has no mark: the goal velocities that the servos had when they were asked last; −1 where that is not known. */
  readonly #sentVelocities = new Int32Array(JOINT_COUNT);
  #outstanding: ReadRequest | undefined;
  #askedUs = Number.NEGATIVE_INFINITY;
  /** When they were asked last for what they are judged by, … */
  #guardedUs = Number.NEGATIVE_INFINITY;
  #readUs = Number.NEGATIVE_INFINITY;
  /** … and all of them where they are. */
  #seenUs = Number.NEGATIVE_INFINITY;
  #positionsUs = Number.NaN;
  /** How often in a row a reply did not come, … */
  #misses = 0;
  /** … and who owes one since: bit i is that of joint i. */
  #owing = 0;

  /**
   * `marks` are by what the servos show that they are configured, `rateHz` is how often goals are written, `samples` says
   * whether somebody wants to know in each tick where they are.
   */
  constructor(
    bus: Bus,
    drive: FollowerDrive,
    telemetry: Telemetry,
    figures: FiguresSink,
    { marks, rateHz, samples }: GuardOptions,
  ) {
    this.#periodUs = 1e6 / rateHz;
    this.#marks = marks;
    this.#samples = samples;
    this.#hasUnmarked = marks.includes(undefined);
    this.#guard = new ReadRequest(
      SERVO_IDS,
      spanOf("torque_enable", this.#hasUnmarked ? "goal_velocity" : "acceleration"),
    );
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

  /** When all six of {@link positions} were asked for last, µs; NaN before that, and where one was asked again since. */
  get positionsUs(): number {
    return this.#positionsUs;
  }

  /** The joint that was read, or missed, last. */
  get joint(): number {
    return this.#joint;
  }

  /** Whether an answer to something that was asked may still come. */
  get isOwed(): boolean {
    return this.#outstanding !== undefined;
  }

  /**
   * Whether goals may be written: while every servo has answered, or may still do so in time. One that does not may have
   * been reset, and no goal must be written until all have answered.
   */
  mayMove(nowUs: number): boolean {
    return this.#verdict === "well" && this.#owing === 0 && nowUs <= this.#goalsUntilUs;
  }

  /**
   * Asks what is due, when the line is free: a servo that was missed again, the next one or all whole, all up to where they
   * are, or all shortly. While somebody records all are asked in each tick where they are, as the rate and the port allow.
   */
  request(nowUs: number): void {
    if (this.#outstanding !== undefined) return;
    const { isSlow } = this.#bus.roundTrip;
    const wholeAtOnce = isSlow || this.#periodUs >= WHOLE_AT_ONCE_FROM_US;
    if (this.#owing !== 0) this.#askAgain(nowUs);
    else if (wholeAtOnce && nowUs - this.#readUs >= SERVO_ROUND_US.follower) {
      this.#readUs = nowUs;
      this.#seenUs = nowUs;
      this.#ask(this.#all, nowUs);
    } else if (!wholeAtOnce && nowUs - this.#readUs >= SERVO_ROUND_US.follower / JOINT_COUNT) {
      this.#joint = (this.#joint + 1) % JOINT_COUNT;
      this.#readUs = nowUs;
      this.#ask(this.#reads[this.#joint]!, nowUs);
    } else if (nowUs - this.#guardedUs >= (isSlow ? GUARD_EVERY_SLOW_US : GUARD_EVERY_US)) {
      const { areRecorded } = this.#samples;
      const isSeenDue = wholeAtOnce && (areRecorded || nowUs - this.#seenUs >= POSITIONS_EVERY_US);
      if (isSeenDue) this.#seenUs = nowUs;
      this.#ask(isSeenDue ? this.#seen : this.#guard, nowUs);
    } else if (this.#samples.areRecorded && !isSlow) this.#ask(wholeAtOnce ? this.#seen : this.#where, nowUs);
  }

  /** Takes in what has come, without waiting, and judges it. */
  poll(nowUs: number): void {
    const read = this.#outstanding;
    if (read === undefined || this.#take(read, 0)) return;
    if (nowUs - this.#askedUs <= this.#bus.patienceUs(read, GUARD_PATIENCE_US)) return;
    this.#bus.giveUp(read);
    this.#outstanding = undefined;
    this.#miss(read);
  }

  /**
   * Directly before goals: takes in what has come, and lets a reply that may be on the line now arrive. On a cable no
   * time grid is so fine that it waits here, unless the loop catches up. It has `spareUs` to wait for one that is expected.
   * Returns for how long it has waited, µs.
   */
  settle(spareUs: number): number {
    const read = this.#outstanding;
    if (read === undefined) return 0;
    const { clock } = this.#bus;
    const nowUs = clock.nowUs();
    this.#take(read, this.#bus.keepOffUntilUs(read, nowUs, GOALS_ON_THE_LINE_US, spareUs));
    return clock.nowUs() - nowUs;
  }

  #ask(read: ReadRequest, nowUs: number): void {
    if (this.#hasUnmarked) {
      for (let joint = 0; joint < JOINT_COUNT; joint++)
        this.#sentVelocities[joint] = this.#drive.sentVelocity(joint);
    }
    this.#bus.request(read);
    this.#askedUs = nowUs;
    if (read !== this.#where) this.#guardedUs = nowUs;
    this.#outstanding = read;
  }

  /** Asks the first servo that owes an answer, in a way that no late one can be taken for. */
  #askAgain(nowUs: number): void {
    let joint = 0;
    while ((this.#owing & (1 << joint)) === 0) joint++;
    this.#joint = joint;
    if (!this.#bus.mayConfuse(this.#reads[joint]!)) {
      this.#ask(this.#reads[joint]!, nowUs);
      return;
    }
    const again = this.#again[joint]!;
    for (let i = 0; i < again.length; i++) {
      if (this.#bus.mayConfuse(again[i]!)) continue;
      this.#ask(again[i]!, nowUs);
      return;
    }
  }

  /** Until when goals may be written, µs, while the reading that is out is owed. */
  get #goalsUntilUs(): number {
    const read = this.#outstanding;
    if (read === undefined) return Number.POSITIVE_INFINITY;
    const forUs = Math.min(this.#bus.patienceUs(read, GUARD_OVERDUE_US), GUARD_OVERDUE_AT_MOST_US);
    return this.#askedUs + forUs;
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
    if (read.ids.length > 1 && read !== this.#guard) this.#positionsUs = read.sentUs;
    // What is asked again is newer than the rest: they are of no one time.
    else if (this.#owing !== 0) this.#positionsUs = Number.NaN;
    for (let index = 0; index < read.ids.length; index++) {
      const joint = read.ids.length === 1 ? this.#joint : index;
      this.#owing &= ~(1 << joint);
      if (read === this.#all || read === this.#reads[joint]) this.#publish(read, joint, index);
      else if (read === this.#seen || read === this.#where)
        this.#locate(joint, read.value(index, "present_position"));
      if (read !== this.#where) this.#judge(read, index, joint);
    }
    return true;
  }

  #miss(read: ReadRequest): void {
    if (read.ids.length === 1) this.#owing |= 1 << this.#joint;
    else {
      this.#owing |= read.missing;
      this.#joint = 0;
      while (read.hasAnswerFrom(this.#joint)) this.#joint++;
    }
    this.#misses++;
    this.#telemetry.count("followerMisses");
    if (this.#misses >= SILENT_AFTER_MISSES) this.#verdict = "silent";
  }

  #publish(read: ReadRequest, joint: number, index: number): void {
    const position = read.value(index, "present_position");
    this.#locate(joint, position);
    const currentMa = physicalValue("present_current", read.value(index, "present_current"));
    this.#drive.see(joint, position, read.value(index, "present_velocity"), currentMa);
    this.#figures(joint, read, index);
    if (read.value(index, "goal_velocity") !== this.#drive.goalVelocity(joint))
      this.#drive.repeatVelocity(joint);
  }

  #locate(joint: number, position: number): void {
    this.#telemetry.setJoint("follower", joint, "position", position);
    this.positions[joint] = position;
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
