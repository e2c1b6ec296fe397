/** Watches the follower's servos in the slack of the control loop, one after the other. */
import { CONFIGURED_ACCELERATION } from "../arm/baseline.ts";
import { JOINT_COUNT } from "../arm/joints.ts";
import { SERVO_IDS } from "../arm/read.ts";
import type { Bus } from "../feetech/bus.ts";
import { BlockRead, blockOf } from "../feetech/sync.ts";
import type { FollowerDrive } from "./drive.ts";
import type { SharedState } from "./shared.ts";

/** Each servo is read at least this often, rate permitting. */
const ROUND_US = 90_000;

/** A servo that does not answer is asked again at once; after so many times in a row it counts as silent. */
const SILENT_AFTER = 3;

/**
 * A reply may take this long. Ticks go on meanwhile: the reply is taken in when it is there, so that a slow one
 * costs the loop nothing.
 */
const REPLY_TIMEOUT_US = 20_000;

/** What became of a servo since it was configured and energised. */
export type Verdict = "well" | "silent" | "reset";

/** After this long a reply is no longer on its way between servo and board, though it may be between board and us. */
const ON_THE_LINE_US = 1_500;

/** Reads the follower's servos in turn. {@link poll} and {@link request} allocate nothing. */
export class HealthWatch {
  /** The verdict on the servo of {@link joint}; only "well" lets teleoperation go on. */
  verdict: Verdict = "well";
  /** The joint that was asked last. */
  joint = 0;

  readonly #bus: Bus;
  readonly #drive: FollowerDrive;
  readonly #shared: SharedState;
  readonly #reads = SERVO_IDS.map((id) => new BlockRead([id], blockOf("torque_enable", "present_current")));
  #outstanding = false;
  #askedUs = 0;
  #misses = 0;

  constructor(bus: Bus, drive: FollowerDrive, shared: SharedState) {
    this.#bus = bus;
    this.#drive = drive;
    this.#shared = shared;
  }

  /**
   * False while a servo owes an answer that is overdue. It may have been reset, and a goal would energise it
   * wherever it has sagged to: none must be written until it has answered.
   */
  get isCertain(): boolean {
    return this.#misses === 0;
  }

  /** Asks the next servo when it is due and the line is free. */
  request(nowUs: number): void {
    if (this.#outstanding || nowUs - this.#askedUs < (this.#misses > 0 ? 0 : ROUND_US / JOINT_COUNT)) return;
    if (this.#misses === 0) this.joint = (this.joint + 1) % JOINT_COUNT;
    this.#bus.request(this.#reads[this.joint]!);
    this.#askedUs = nowUs;
    this.#outstanding = true;
  }

  /** Takes in what has come, without waiting, and judges it. */
  poll(nowUs: number): void {
    if (!this.#outstanding || this.#take(0) || nowUs - this.#askedUs <= REPLY_TIMEOUT_US) return;
    this.#bus.giveUp(this.#reads[this.joint]!);
    this.#outstanding = false;
    this.#misses++;
    this.#shared.count("followerMisses");
    if (this.#misses >= SILENT_AFTER) this.verdict = "silent";
  }

  /**
   * Lets a reply that is on the line now arrive, at most {@link ON_THE_LINE_US} after it was asked for: a packet sent
   * into it would be lost with it. The loop has no time grid so fine that it waits here, unless it catches up.
   */
  clearLine(nowUs: number): void {
    const goneUs = this.#askedUs + ON_THE_LINE_US;
    if (this.#outstanding && nowUs < goneUs) this.#take(goneUs);
  }

  /** Takes the answer in if it comes until then; true when it has. */
  #take(untilUs: number): boolean {
    const read = this.#reads[this.joint]!;
    if (!this.#bus.poll(read, untilUs)) return false;
    this.#outstanding = false;
    this.#misses = 0;
    this.#judge(read);
    return true;
  }

  #judge(read: BlockRead): void {
    const { joint } = this;
    const shared = this.#shared;
    shared.setJoint(joint, "followerPosition", read.value(0, "present_position"));
    shared.setJoint(joint, "load", read.value(0, "present_load"));
    shared.setJoint(joint, "voltage", read.value(0, "present_voltage"));
    shared.setJoint(joint, "temperature", read.value(0, "present_temperature"));
    shared.setJoint(joint, "current", read.value(0, "present_current"));
    shared.setJoint(joint, "errorBits", read.errors[0]!);
    const reset =
      read.value(0, "torque_enable") !== 1 || read.value(0, "acceleration") !== CONFIGURED_ACCELERATION;
    if (reset) this.verdict = "reset";
    else if (read.value(0, "goal_velocity") !== this.#drive.goalVelocity(joint))
      this.#drive.repeatVelocity(joint);
  }
}
