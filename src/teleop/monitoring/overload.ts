/**
 * The cure of a gripper's overload. A servo that was overloaded for some seconds gives way and reports it until
 * something ends that; sources disagree on what does. LeRobot's settings bring a gripper there in every firm grasp, so
 * nothing is done to one that holds something: no goal is moved towards it (with its goal where it is a joint has no
 * force at all), and its torque is switched off and on only while it holds nothing. Any other joint is left as it is.
 */
import { GRIPPER } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import { errorBits, physicalValue } from "../../feetech/registers.ts";
import { degrees, degreesToSteps } from "../../feetech/units.ts";
import type { FollowerDrive } from "../loop/drive.ts";
import type { Telemetry } from "../shared/telemetry.ts";
import { GrowingPauses } from "../state/growing-pauses.ts";
import type { Alarms } from "./alarms.ts";
import type { ArmMonitor } from "./arm-monitor.ts";

/** A gripper with its goal so much wider than it is holds nothing; as near to its target it may be idle. */
const WIDER_STEPS = degreesToSteps(degrees(5));
/** An idle gripper's current is below this: it presses on nothing. */
const IDLE_BELOW_MA = 100;
/** Its torque is switched off and on when it has held nothing, and stood still, for so long: several readings. */
const HOLDS_NOTHING_FOR_US = 300_000;
/** Still: between two readings. */
const STILL_STEPS = degreesToSteps(degrees(1));
/** The next try comes after this, then after twice that, and so on; … */
const TRY_AGAIN_AFTER_US = 5_000_000;
/** … after so many it is given up. */
const TRIES = 3;

/** Which way a follower's gripper opens: 1 where a larger position is a wider one, −1 where it is a narrower one. */
export type OpeningSide = 1 | -1;

/** Cures the overloads of one follower's gripper. Allocates nothing but when it cures. */
export class OverloadCure {
  readonly #arm: ArmMonitor;
  readonly #drive: FollowerDrive;
  readonly #telemetry: Telemetry;
  readonly #alarms: Alarms;
  readonly #opens: OpeningSide;
  #isOverloaded = false;
  /** Since when it has held nothing. */
  #holdsNothingSinceUs = Number.NaN;
  /** Where it was then. */
  #stoodAt = 0;
  #tries = 0;
  #nextTryUs = Number.NEGATIVE_INFINITY;
  /** Between cures of overloads that end and are back again. */
  readonly #pauses = new GrowingPauses();

  constructor(
    arm: ArmMonitor,
    drive: FollowerDrive,
    telemetry: Telemetry,
    alarms: Alarms,
    opens: OpeningSide,
  ) {
    this.#arm = arm;
    this.#drive = drive;
    this.#telemetry = telemetry;
    this.#alarms = alarms;
    this.#opens = opens;
  }

  /** In each tick: takes in what the gripper reports. `target` is where it is wanted, in steps. */
  observe(nowUs: number, target: number): void {
    const isOverloaded = (this.#arm.bus.errorBytes[SERVO_IDS[GRIPPER]!]! & errorBits.overload) !== 0;
    if (this.#isOverloaded && !isOverloaded) this.#isOver();
    this.#isOverloaded = isOverloaded;
    const position = this.#drive.motionOf(GRIPPER).seenAt;
    const stands = Math.abs(position - this.#stoodAt) < STILL_STEPS;
    if (isOverloaded && stands && this.#holdsNothing(target, position)) {
      if (Number.isNaN(this.#holdsNothingSinceUs)) this.#holdsNothingSinceUs = nowUs;
    } else {
      this.#holdsNothingSinceUs = Number.NaN;
      this.#stoodAt = position;
    }
  }

  /** Whether the gripper's torque should be switched off and on, which drops nothing now. */
  isDue(nowUs: number): boolean {
    // Not while that is NaN.
    if (!(nowUs - this.#holdsNothingSinceUs >= HOLDS_NOTHING_FOR_US)) return false;
    return nowUs >= this.#nextTryUs && this.#pauses.isOver(nowUs);
  }

  /**
   * Switches the gripper's torque off and on, or gives up. Blocks for about one reply.
   * Throws {@link BusError}, {@link PortError}.
   */
  cure(nowUs: number): void {
    this.#pauses.begin(nowUs);
    this.#nextTryUs = nowUs + TRY_AGAIN_AFTER_US * 2 ** this.#tries;
    this.#holdsNothingSinceUs = Number.NaN;
    if (this.#tries < TRIES) {
      this.#tries++;
      this.#drive.renewTorque(GRIPPER);
      return;
    }
    const problem = { code: "servo.overload-stays", arm: this.#arm.arm, joint: "gripper" } as const;
    this.#alarms.raise(ALARM, "fault", problem);
  }

  #holdsNothing(target: number, position: number): boolean {
    // Told to open and not opening, or idle.
    if ((this.#drive.goals[GRIPPER]! - position) * this.#opens >= WIDER_STEPS) return true;
    const current = this.#telemetry.joint("follower", GRIPPER, "current");
    const isThere = Math.abs(target - position) < WIDER_STEPS;
    return isThere && physicalValue("present_current", current) < IDLE_BELOW_MA;
  }

  #isOver(): void {
    this.#tries = 0;
    this.#nextTryUs = Number.NEGATIVE_INFINITY;
    this.#alarms.clear(ALARM);
  }
}

const ALARM = `follower.overload.${GRIPPER}`;
