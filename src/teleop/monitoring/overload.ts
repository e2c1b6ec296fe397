/**
 * The cure of overloads. A servo that was overloaded for some seconds gives way and reports it until something ends
 * that; sources disagree on what does. A goal where the joint is, which drops nothing, is tried first; switching the
 * torque off and on only for a gripper that has nothing to drop; then it is left as it is.
 */
import { JOINT_COUNT, JOINTS } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import { errorBits } from "../../feetech/registers.ts";
import type { FollowerDrive } from "../loop/drive.ts";
import type { Alarms } from "./alarms.ts";
import type { ArmMonitor } from "./arm-monitor.ts";

const GRIPPER = JOINTS.indexOf("gripper");

/** A joint rests so long at the goal where it is, to show whether that has ended the overload. */
const REST_US = 300_000;
/** The next try comes after this, then after twice that, and so on; … */
const TRY_AGAIN_AFTER_US = 1_000_000;
/** … after so many it is given up, … */
const TRIES = 5;
/** … and forgotten when nothing was overloaded for so long. */
const FORGOTTEN_AFTER_US = 60_000_000;
/** The gripper's torque is not switched more often than this. */
const TORQUE_EVERY_US = 5_000_000;
/** How much further open the gripper is wanted than it is, when there is nothing that it should hold. */
const OPENING_STEPS = 57; // 5°

/** Cures the overloads of one follower. Allocates nothing while nothing is overloaded. */
export class OverloadCure {
  readonly #arm: ArmMonitor;
  readonly #drive: FollowerDrive;
  readonly #alarms: Alarms;
  /** By joint: until when it rests; 0 when it does not. */
  readonly #restsUntilUs = new Float64Array(JOINT_COUNT);
  readonly #tries = new Uint8Array(JOINT_COUNT);
  readonly #nextTryUs = new Float64Array(JOINT_COUNT);
  readonly #lastUs = new Float64Array(JOINT_COUNT);
  #torqueUs = Number.NEGATIVE_INFINITY;
  #gripperNeedsTorque = false;

  constructor(arm: ArmMonitor, drive: FollowerDrive, alarms: Alarms) {
    this.#arm = arm;
    this.#drive = drive;
    this.#alarms = alarms;
  }

  /** True when the gripper's torque must be switched off and on, which drops nothing now. */
  get gripperNeedsTorque(): boolean {
    return this.#gripperNeedsTorque;
  }

  /** The gripper's torque was switched off, and comes on again. */
  gripperGotTorque(): void {
    this.#gripperNeedsTorque = false;
  }

  /** In each tick: begins and ends what there is to try. `targets` are where the joints are wanted, in steps. */
  step(nowUs: number, targets: Int32Array): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const overloaded = (this.#arm.bus.errorBytes[SERVO_IDS[joint]!]! & errorBits.overload) !== 0;
      const rests = this.#restsUntilUs[joint]! > 0;
      if (rests && nowUs >= this.#restsUntilUs[joint]!) this.#endRest(joint, overloaded);
      else if (overloaded && !rests) this.#try(joint, nowUs, targets[joint]!);
      else if (this.#tries[joint]! > 0 && !rests) this.#forget(joint, nowUs);
      if (overloaded) this.#lastUs[joint] = nowUs;
    }
  }

  #try(joint: number, nowUs: number, target: number): void {
    if (joint === GRIPPER && this.#tries[joint]! > 0 && nowUs - this.#torqueUs > TORQUE_EVERY_US) {
      // A larger position is a wider gripper; one that is wanted no narrower holds nothing.
      const opening = target - this.#drive.goals[joint]! > OPENING_STEPS;
      const idle = Math.abs(target - this.#drive.motionOf(joint).seenAt) <= OPENING_STEPS;
      if (opening || idle) {
        this.#torqueUs = nowUs;
        this.#gripperNeedsTorque = true;
        return;
      }
    }
    if (nowUs < this.#nextTryUs[joint]!) return;
    if (this.#tries[joint]! >= TRIES) {
      this.#giveUp(joint);
      return;
    }
    this.#nextTryUs[joint] = nowUs + REST_US + TRY_AGAIN_AFTER_US * 2 ** this.#tries[joint]!;
    this.#tries[joint]!++;
    this.#restsUntilUs[joint] = nowUs + REST_US;
    this.#drive.rest(joint);
  }

  #endRest(joint: number, overloaded: boolean): void {
    this.#restsUntilUs[joint] = 0;
    this.#drive.resume(joint);
    if (!overloaded) this.#alarms.clear(alarmOf(joint));
  }

  #forget(joint: number, nowUs: number): void {
    this.#alarms.clear(alarmOf(joint));
    if (nowUs - this.#lastUs[joint]! < FORGOTTEN_AFTER_US) return;
    this.#tries[joint] = 0;
    this.#nextTryUs[joint] = 0;
  }

  #giveUp(joint: number): void {
    const problem = { code: "servo.overload-stays", arm: this.#arm.arm, joint: JOINTS[joint]! } as const;
    this.#alarms.raise(alarmOf(joint), "fault", problem);
  }
}

function alarmOf(joint: number): string {
  return `follower.overload.${joint}`;
}
