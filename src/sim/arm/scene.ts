/** How the two arms are found when a simulation begins afresh: new, calibrated, or calibrated and configured. */

import { withinTurn } from "../servo/motor.ts";
import { factoryState, type ServoState } from "../servo/servo.ts";
import type { RegisterValues } from "../servo/table.ts";
import { type ArmName, JOINTS, type JointName } from "./joints.ts";

/** What has been done to the arms so far. */
export const SCENES = ["new", "calibrated", "configured"] as const;

/** One of {@link SCENES}. */
export type Scene = (typeof SCENES)[number];

/** Homing offset, range, and where the joint stands at first, all in steps, and by no means the same in two arms. */
const CALIBRATIONS: Record<
  ArmName,
  Record<JointName, [offset: number, min: number, max: number, at: number]>
> = {
  leader: {
    shoulder_pan: [-1473, 743, 3398, 2103],
    shoulder_lift: [1108, 824, 3191, 1240],
    elbow_flex: [-1281, 905, 3118, 2790],
    wrist_flex: [612, 851, 3214, 2466],
    wrist_roll: [-97, 0, 4095, 2011],
    gripper: [1327, 2019, 3287, 2100],
  },
  follower: {
    shoulder_pan: [1264, 781, 3441, 1890],
    shoulder_lift: [-936, 797, 3170, 890],
    elbow_flex: [1019, 874, 3099, 3012],
    wrist_flex: [-1555, 838, 3229, 2890],
    wrist_roll: [344, 0, 4095, 2140],
    gripper: [-721, 1984, 3461, 2050],
  },
};

/** What LeRobot configures in the EEPROM of every servo, … */
const CONFIGURED: RegisterValues = { return_delay_time: 0, phase: 12 & ~0x10, operating_mode: 0 };
/** … of the follower's, … */
const CONFIGURED_FOLLOWER: RegisterValues = { p_coefficient: 16, i_coefficient: 0, d_coefficient: 32 };
/** … and of its gripper's. */
const CONFIGURED_GRIPPER: RegisterValues = {
  max_torque_limit: 500,
  protection_current: 250,
  overload_torque: 25,
};

/** The mechanical range of a joint, in its encoder's steps; `max` may be beyond one turn. Calibrating does not change it. */
export function mechanicalRange(arm: ArmName, joint: JointName): { min: number; max: number } {
  const [offset, min, max] = CALIBRATIONS[arm][joint];
  return { min: offset + min, max: offset + max };
}

/** The six servos of an arm in a scene. */
export function servosOf(arm: ArmName, scene: Scene): ServoState[] {
  return JOINTS.map((joint, i) => {
    const [offset, min, max, at] = CALIBRATIONS[arm][joint];
    const id = i + 1;
    if (scene === "new") return factoryState(id, withinTurn(at + offset));
    const values: RegisterValues = {
      homing_offset: offset,
      min_position_limit: min,
      max_position_limit: max,
    };
    if (scene === "configured") {
      Object.assign(values, CONFIGURED);
      if (arm === "follower") Object.assign(values, CONFIGURED_FOLLOWER);
      if (arm === "follower" && joint === "gripper") Object.assign(values, CONFIGURED_GRIPPER);
    }
    return factoryState(id, withinTurn(at + offset), values);
  });
}
