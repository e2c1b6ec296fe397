/** A pose to park in, and the section of a configuration file that says so. */

export const parkPose = {
  shoulder_pan: 0,
  shoulder_lift: -99,
  elbow_flex: 100,
  wrist_flex: 1.5,
  wrist_roll: 0,
  gripper: 5,
};

export const parkSection = `[park]\n${Object.entries(parkPose)
  .map(([joint, value]) => `${joint} = ${value}`)
  .join("\n")}`;
