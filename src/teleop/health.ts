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
    if (!this.#outstanding) return;
    const read = this.#reads[this.joint]!;
    if (this.#bus.poll(read)) {
      this.#outstanding = false;
      this.#misses = 0;
      this.#judge(read);
    } else if (nowUs - this.#askedUs > REPLY_TIMEOUT_US) {
      this.#bus.giveUp(read);
      this.#outstanding = false;
      this.#misses++;
      this.#shared.count("followerMisses");
      this.#shared.setJoint(
        this.joint,
        "followerMisses",
        this.#bus.counters.of(SERVO_IDS[this.joint]!, "timeout"),
      );
      if (this.#misses >= SILENT_AFTER) this.verdict = "silent";
    }
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
