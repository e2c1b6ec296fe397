/**
 * Raises an alarm for each error bit that a servo reports while it is being used, for as long as it lasts. That a
 * follower's gripper is overloaded is told, and no alarm: by LeRobot's settings each firm grasp leads there.
 */
import { masksIn, reportedError } from "../../arm/checks/servos.ts";
import type { ArmIdentity } from "../../arm/identity.ts";
import { GRIPPER, JOINT_COUNT, JOINTS } from "../../arm/joints.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import type { Bus } from "../../feetech/bus.ts";
import { errorBits } from "../../feetech/registers.ts";
import type { Problem } from "../reporting/problem.ts";
import { GrowingPauses } from "../state/growing-pauses.ts";
import type { Alarms } from "./alarms.ts";

/** So many changes of a joint's bits are seen at once: an error comes, another joins it, both go. */
const CHANGES_FREELY = 6;

/** The error bits of one arm's servos. */
export class ErrorBitWatch {
  readonly #arm: ArmIdentity;
  readonly #bus: Bus;
  readonly #alarms: Alarms;
  /** By joint: the bits whose alarms are active. */
  readonly #raised = new Uint8Array(JOINT_COUNT);
  /** By joint: between changes of bits that come and go. */
  readonly #pauses = SERVO_IDS.map(() => new GrowingPauses(CHANGES_FREELY));

  /** What servos report now was told by the checks before the arm was used. */
  constructor(arm: ArmIdentity, bus: Bus, alarms: Alarms) {
    this.#arm = arm;
    this.#bus = bus;
    this.#alarms = alarms;
    SERVO_IDS.forEach((id, joint) => {
      const bits = bus.errorBytes[id]!;
      if (bits === 0) return;
      this.#raised[joint] = bits;
      for (const mask of masksIn(bits)) {
        if (this.#isGrasp(joint, mask)) this.#raise(joint, mask);
        else this.#alarms.raiseQuietly(this.#nameOf(joint, mask), "warning", this.#problemOf(joint, mask));
      }
    });
  }

  /** Raises and clears what has changed. Allocates nothing while nothing changes. */
  look(): void {
    for (let joint = 0; joint < JOINT_COUNT; joint++) {
      const bits = this.#bus.errorBytes[SERVO_IDS[joint]!]!;
      if (bits === this.#raised[joint]) continue;
      const nowUs = this.#bus.clock.nowUs();
      if (this.#pauses[joint]!.isOver(nowUs)) this.#change(joint, bits, nowUs);
    }
  }

  #change(joint: number, bits: number, nowUs: number): void {
    this.#pauses[joint]!.begin(nowUs);
    const changed = this.#raised[joint]! ^ bits;
    this.#raised[joint] = bits;
    for (const mask of masksIn(changed)) {
      if ((bits & mask) === 0) this.#alarms.clear(this.#nameOf(joint, mask));
      else this.#raise(joint, mask);
    }
  }

  #raise(joint: number, mask: number): void {
    const name = this.#nameOf(joint, mask);
    if (!this.#isGrasp(joint, mask)) this.#alarms.raise(name, "warning", this.#problemOf(joint, mask));
    else {
      const about = { arm: this.#arm, joint: JOINTS[joint]!, mask };
      this.#alarms.inform(name, { code: "servo.overload", ...about, holds: true });
    }
  }

  #isGrasp(joint: number, mask: number): boolean {
    return this.#arm.role === "follower" && joint === GRIPPER && mask === errorBits.overload;
  }

  #nameOf(joint: number, mask: number): string {
    return `${this.#arm.role}.error.${joint}.${Math.log2(mask)}`;
  }

  #problemOf(joint: number, mask: number): Problem {
    return reportedError(this.#arm, JOINTS[joint]!, mask);
  }
}
