/** Poses to park in, and the section of a configuration file that says so. */

import type { JointName } from "../../src/arm/joints.ts";

export const parkPose = {
  shoulder_pan: 0,
  shoulder_lift: -99,
  elbow_flex: 100,
  wrist_flex: 1.5,
  wrist_roll: 0,
  gripper: 5,
};

/** In reach of simulated arms that stand still in the middle of their ranges. */
export const nearPose: Readonly<Record<JointName, number>> = {
  shoulder_pan: 20,
  shoulder_lift: -30,
  elbow_flex: 30,
  wrist_flex: -10,
  wrist_roll: 5,
  gripper: 20,
};

export const parkSection = `[park]\n${Object.entries(parkPose)
  .map(([joint, value]) => `${joint} = ${value}`)
  .join("\n")}`;
