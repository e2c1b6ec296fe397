/** What a person at the leader is asked to do, and what went wrong, in words. */
import type { JointName } from "../../arm/joints.ts";
import type { Attempt, FailedBy, Motion } from "./presence.ts";

/** Left and right are those of somebody who stands behind the arm. */
const motions: Readonly<Record<JointName, Readonly<Record<Motion["way"], string>>>> = {
  shoulder_pan: { up: "Turn the base to the right", down: "Turn the base to the left" },
  shoulder_lift: { up: "Lean the upper arm forward", down: "Lean the upper arm back" },
  elbow_flex: { up: "Lower the forearm", down: "Raise the forearm" },
  wrist_flex: { up: "Tilt the handle down", down: "Tilt the handle up" },
  wrist_roll: { up: "Roll the handle to the left", down: "Roll the handle to the right" },
  gripper: { up: "Open the trigger", down: "Close the trigger" },
};

const joints: Readonly<Record<JointName, string>> = {
  shoulder_pan: "the base",
  shoulder_lift: "the upper arm",
  elbow_flex: "the forearm",
  wrist_flex: "the handle's tilt",
  wrist_roll: "the handle's roll",
  gripper: "the trigger",
};

/** What is asked now. */
export function sayAttempt({
  motion,
  number,
  of,
  isResting,
  progress,
}: Extract<Attempt, { kind: "going on" }>): {
  text: string;
  progress: number;
} {
  const text = isResting
    ? `${number} of ${of}: let the leader stand still …`
    : `${number} of ${of}: ${motions[motion.joint][motion.way]}, by a hand's breadth, and nothing else`;
  return { text, progress };
}

/** Why it failed. */
export function sayFailure(why: FailedBy): string {
  switch (why.because) {
    case "time":
      return "The 30 s are over: try again.";
    case "leader silent":
      return "The leader is not heard: is it plugged in, switched on and calibrated? Then try again.";
    case "resumed":
      return "The pair was made to go on meanwhile: try again while it is paused.";
    case "elsewhere":
      return "This leader is not on this machine's own USB: it can claim nothing.";
    case "another machine":
      return (
        "The leader that is followed is on another machine: it can claim nothing here. Use the code that " +
        "“sudo so101 web claim” prints on this machine."
      );
    case "no room":
      return "The leader's calibration leaves no joint the room for a motion: calibrate it anew.";
    case "wrong motion":
      return `That was another motion, of ${joints[why.joint]}: try again, and move only what is asked for.`;
  }
}
