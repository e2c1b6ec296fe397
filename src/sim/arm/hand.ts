/** The hand that moves a simulated arm: it brings each joint to where a motion has it, where the joint gives way. */
import { STEPS_PER_TURN } from "../../feetech/units.ts";
import { withinTurn } from "../servo/motor.ts";
import type { SimulatedArm } from "./arm.ts";
import { JOINTS } from "./joints.ts";
import { type MotionPlan, motionOf, type Play } from "./motion.ts";
import { mechanicalRange } from "./scene.ts";

/** Steps/s: a hand is not faster than this when a motion begins elsewhere than where the arm is. */
const HAND_SPEED = 2000;

/** One arm's hand, still until {@link play}. */
export class Hand {
  readonly #arm: SimulatedArm;
  #play: Play | undefined;
  #fromUs = 0;

  constructor(arm: SimulatedArm) {
    this.#arm = arm;
  }

  /** Begins a motion at `nowUs`, in place of the one before. */
  play(plan: MotionPlan, nowUs: number): void {
    const ranges = this.#arm.servos.map((servo) => {
      const { min_position_limit, max_position_limit } = servo.values(nowUs);
      return { min: min_position_limit, max: max_position_limit };
    });
    this.#play = motionOf(plan, ranges);
    this.#fromUs = nowUs;
    for (const servo of this.#arm.servos) servo.actuator.motor.letGo();
  }

  /** Puts the hand where the motion has it now. */
  move(nowUs: number): void {
    if (this.#play === undefined) return;
    const { motion, of } = this.#play;
    const positions = motion((nowUs - this.#fromUs) / 1e6);
    for (const [i, joint] of JOINTS.entries()) {
      const { actuator } = this.#arm.servos[i]!;
      const position = positions[joint];
      if (position === undefined) continue;
      const shaft =
        of === "readings"
          ? actuator.shaftAt(position)
          : shaftInRange(actuator.motor.position, mechanicalRange(this.#arm.name, joint), position);
      actuator.motor.push(shaft, HAND_SPEED);
    }
  }
}

/** Where the shaft is at a share of the joint's mechanical range, in the turn in which it is now. */
function shaftInRange(now: number, { min, max }: { min: number; max: number }, share: number): number {
  const middle = (min + max) / 2;
  const fromMiddle = withinTurn(now - middle + STEPS_PER_TURN / 2) - STEPS_PER_TURN / 2;
  return now - fromMiddle + (share - 0.5) * (max - min);
}
