/** Telling a leader from a follower: whether the arms of a pair are on each other's ports. */

import { matches } from "../calibration/in-servos.ts";
import { looksLikeFollower } from "../servos/baseline.ts";
import { type ArmState, filedCalibration } from "./state.ts";

/**
 * Whether the arm on one port is really the pair's other one.
 *
 * Calibrations tell first: neither arm holds its own, and this one holds the other's or the other one holds this
 * one's. Where they cannot, because both are the same or there is neither, the protection of the follower's gripper
 * does: it is on the leader's port and not on the follower's.
 */
export function isSwapped(arm: ArmState, counterpart: ArmState): boolean {
  const mine = filedCalibration(arm);
  const theirs = filedCalibration(counterpart);
  if (mine === undefined && theirs === undefined) return protectionIsSwapped(arm, counterpart);
  const holdsTheirs = theirs !== undefined && matches(arm.images, theirs);
  if (mine !== undefined && matches(arm.images, mine))
    return holdsTheirs && protectionIsSwapped(arm, counterpart);
  if (theirs !== undefined && matches(counterpart.images, theirs)) return false;
  return holdsTheirs || (mine !== undefined && matches(counterpart.images, mine));
}

function protectionIsSwapped(arm: ArmState, counterpart: ArmState): boolean {
  const [leader, follower] = arm.role === "leader" ? [arm, counterpart] : [counterpart, arm];
  return (
    looksLikeFollower(leader.images) &&
    follower.images.every((image) => image !== null) &&
    !looksLikeFollower(follower.images)
  );
}
