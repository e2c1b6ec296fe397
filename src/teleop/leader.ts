/** Reads the leader's positions, tick by tick, and keeps the leader limp. */
import { JOINT_COUNT } from "../arm/joints.ts";
import { isPosition, SERVO_IDS } from "../arm/read.ts";
import { type Bus, ON_THE_LINE_US } from "../feetech/bus.ts";
import { BlockRead, blockOf, SyncWrite } from "../feetech/sync.ts";

/**
 * How long the loop waits for the leader's answers. Six servos need 1 to 2 ms; the rest is patience with a busy USB
 * stack, beyond which the next reading is worth more than this one.
 */
const REPLY_TIMEOUT_US = 20_000;

/** A leader that is being read. Only {@link limpened} may allocate, when it has something to tell. */
export class LeaderReader {
  /** The positions last read, in steps; valid once {@link collect} has returned true. */
  readonly positions = new Int32Array(JOINT_COUNT);

  readonly #bus: Bus;
  readonly #narrow = new BlockRead(SERVO_IDS, blockOf("present_position"));
  /**
   * Asked in place of the narrow read after a miss: so the answer to the narrow one, should it come now, has a length
   * that nobody waits for, and is not taken for news.
   */
  readonly #wide = new BlockRead(SERVO_IDS, blockOf("present_position", "present_velocity"));
  readonly #torque = new BlockRead(SERVO_IDS, blockOf("torque_enable"));
  readonly #torqueOff = new SyncWrite(SERVO_IDS, blockOf("torque_enable"));
  #read = this.#narrow;
  /** After a miss: a servo that lost its power for a moment is silent for a moment, and may come back energised. */
  #mustCheck = false;
  #checking = false;
  #askedUs = 0;

  constructor(bus: Bus) {
    this.#bus = bus;
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
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      this.positions[joint] = read.value(joint, "present_position");
    }
    return true;
  }

  /** In the slack of a tick that has heard the leader: asks for its torque, when it was missed before. */
  checkTorque(nowUs: number): void {
    if (!this.#mustCheck) return;
    this.#bus.request(this.#torque);
    this.#askedUs = nowUs;
    this.#checking = true;
  }

  /**
   * At the start of a tick: takes in what {@link checkTorque} has asked for. Returns true when a servo was found
   * energised, as some firmware is after a loss of power; then it has been switched off.
   */
  limpened(): boolean {
    if (!this.#checking) return false;
    this.#checking = false;
    if (!this.#bus.poll(this.#torque, this.#askedUs + ON_THE_LINE_US) || !this.#torque.complete) return false;
    this.#mustCheck = false;
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      if (this.#torque.value(joint, "torque_enable") === 0) continue;
      this.#bus.send(this.#torqueOff);
      this.#mustCheck = true; // whether that was heard
      return true;
    }
    return false;
  }
}
