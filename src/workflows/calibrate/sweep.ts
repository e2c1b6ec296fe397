/** The joints of an arm being swept, as they are read. */
import { encoderAt, positionAt } from "../../arm/calibration/homing.ts";
import { JointSweep } from "../../arm/calibration/sweep.ts";
import { JOINTS, type JointName, nameWithId } from "../../arm/joints.ts";
import { isPosition, positionsRead } from "../../arm/servos/read.ts";
import type { Steps } from "../../feetech/units.ts";
import { nowUs } from "../../linux/clock.ts";
import type { OpenArm } from "../arm-session.ts";
import type { SweepPicture } from "../operator.ts";
import type { Homing } from "./middle.ts";

/** A joint that does not answer for so long will not. */
const SILENT_AFTER_US = 3_000_000;
/** What counts as moving, against the trembling of a hand. */
export const MOVED_STEPS = 20;

/** Joints that a person moves from end to end. */
export class Sweep {
  readonly joints: readonly JointSweep[];

  readonly #arm: OpenArm;
  readonly #homing: Homing;
  readonly #read = positionsRead();
  readonly #restAt: number[];
  #movedAtMs = performance.now();

  /** The joints are at the middle, where it was taken. Throws {@link BusError}, {@link PortError}. */
  constructor(arm: OpenArm, homing: Homing, swept: readonly JointName[]) {
    this.#arm = arm;
    this.#homing = homing;
    const now = nowUs();
    arm.bus.readAll(this.#read);
    this.joints = swept.map((joint) => new JointSweep(joint, this.#reading(joint), now));
    this.#restAt = this.joints.map(({ position }) => position);
  }

  /** Reads all joints once. Throws Error when one has been silent for long, {@link PortError}. */
  look(): void {
    this.#arm.bus.exchange(this.#read);
    const now = nowUs();
    for (const [index, joint] of this.joints.entries()) {
      if (this.#read.hasAnswerFrom(JOINTS.indexOf(joint.joint))) {
        const raw = this.#read.value(JOINTS.indexOf(joint.joint), "present_position");
        if (isPosition(raw)) joint.see(this.#reading(joint.joint), now);
      }
      if (now - joint.seenAtUs > SILENT_AFTER_US) {
        throw new Error(
          `${this.#arm.name}: no answer from ${nameWithId(joint.joint)} for 3 s — check the arm's power and the leads; ` +
            "its calibration is as it was",
        );
      }
      if (Math.abs(joint.position - this.#restAt[index]!) > MOVED_STEPS) {
        this.#restAt[index] = joint.position;
        this.#movedAtMs = performance.now();
      }
    }
  }

  /** When a joint last moved, in ms of `performance.now`; at first when the sweep began. */
  get movedAtMs(): number {
    return this.#movedAtMs;
  }

  /** Whether the range of every joint can be used. */
  get isComplete(): boolean {
    return this.joints.every(({ trouble }) => trouble === undefined);
  }

  /** How far it has come, to be shown. */
  get picture(): SweepPicture {
    return {
      kind: "sweep",
      joints: this.joints.map(({ joint, min, position, max, trouble }) => ({
        joint,
        min,
        position,
        max,
        trouble,
      })),
    };
  }

  /** What the joint reads with its new offset, which the servo has not got yet. */
  #reading(joint: JointName): Steps {
    const { offsetNow, offset } = this.#homing.get(joint)!;
    return positionAt(
      encoderAt(this.#read.value(JOINTS.indexOf(joint), "present_position"), offsetNow),
      offset,
    );
  }
}
