/** What a pair does next: conditions in, a step out. Pure: nothing is read, nothing is done. */
import { JOINTS } from "../../arm/joints.ts";
import { isPosition } from "../../arm/servos/read.ts";
import { EEPROM_SETTLE_US } from "../../feetech/eeprom.ts";
import type { Problem } from "../reporting/problem.ts";
import type { ArmFacts, Conditions } from "./conditions.ts";
import type { PairState } from "./states.ts";

/** A missing board or a silent arm is looked for this often: aligning must begin within 0.5 s of its return. */
export const LOOK_AGAIN_MS = 100;
/** A fault is looked at again this often, to notice that the person has settled it. */
export const RECHECK_FAULT_MS = 200;
/** A leader whose motion is awaited is read this often. */
export const WATCH_LEADER_MS = 20;
/** EEPROM that was written just now reads as zeros for a while: what disagrees then is checked again after this. */
export const RECHECK_EEPROM_MS = EEPROM_SETTLE_US / 1000;

/** Why the follower is released. */
export type ReleaseReason = "pair.released" | "arm.held-too-long" | "servo.cooling";

/** Why the pair waits, holds or is faulted, for the one who tells it. */
export type WaitReason =
  /** A board, an arm or a joint is missing. */
  | { readonly is: "out of reach" }
  /** A person wants the follower held; `torqueOff` when it is not, because its torque is off, or `isElsewhere`. */
  | { readonly is: "paused"; readonly torqueOff: boolean; readonly isElsewhere?: true }
  /** A person wants the follower released. */
  | { readonly is: "released" }
  /** The arms are to be lent, and an arm is not released yet. */
  | { readonly is: "lending" }
  /** The checks found faults. */
  | { readonly is: "faulted" }
  /** What was told has failed again and again: it is left alone for a while. */
  | { readonly is: "pausing" }
  /** The main thread has not looked up yet what an arm needs: who has its port, what its files say. */
  | { readonly is: "awaited" }
  /** A servo of the follower is too hot. */
  | { readonly is: "cooling"; readonly joint: number; readonly celsius: number; readonly coolBelowC: number }
  /** A servo of the leader reports what is no position. */
  | { readonly is: "no position"; readonly joint: number; readonly position: number }
  /** The leader is to be moved by hand first. */
  | { readonly is: "leader awaited" }
  /** Nothing good comes from the leader of another machine; whether the follower is held meanwhile. */
  | { readonly is: "leader silent"; readonly problem: Problem; readonly isHeld: boolean }
  /** The leader of another machine is not to be followed. */
  | { readonly is: "leader unfit"; readonly problem: Problem };

/** The next step. What it has to do first stands first. */
export interface Step {
  /** The leader's torque is on, which it must never be: it is released. */
  readonly releaseLeader: boolean;
  /** The follower is released, and why. */
  readonly releaseFollower?: ReleaseReason;
  readonly next:
    | { readonly do: "wait"; readonly reason: WaitReason; readonly forMs: number }
    /** Check both arms, after a while; in the state connecting, unless a fault or a failure is looked at again. */
    | { readonly do: "inspect"; readonly afterMs: number }
    /** Configure both arms: they are as they must be. */
    | { readonly do: "configure" }
    | { readonly do: "follow" }
    /** Only the leader is on this machine: its positions are sent. */
    | { readonly do: "lead" }
    /** Close both ports: another program borrows the arms. `torque` is what is known of the follower. */
    | { readonly do: "lend"; readonly torque: "off" | "unknown" }
    /** Lead the follower to its parking pose, as was asked, and release it there. */
    | { readonly do: "park" };
}

/** Decides. */
export function decide(conditions: Conditions): Step {
  const next = nextOf(conditions);
  const releaseFollower = next.do === "wait" ? releaseOf(conditions, next.reason) : undefined;
  return {
    // When both arms are configured or followed, the leader loses its torque with that.
    releaseLeader: next.do === "wait" && conditions.leader.torque === "on",
    ...(releaseFollower !== undefined && { releaseFollower }),
    next,
  };
}

function nextOf(conditions: Conditions): Step["next"] {
  const { leader, follower, mode, isParkAsked, isConnected, inspection } = conditions;
  if (conditions.isLendAsked) return lending(conditions);
  if (leader.is === "out of reach" || follower.is === "out of reach") return wait({ is: "out of reach" });
  if (leader.is === "awaited" || follower.is === "awaited") return wait({ is: "awaited" }, 0);
  if (!isParkAsked) {
    const elsewhere = follower.is === "absent" ? ({ isElsewhere: true } as const) : {};
    if (mode === "paused") return wait({ is: mode, torqueOff: follower.torque === "off", ...elsewhere });
    if (mode === "released") return wait({ is: mode });
  }
  if (!isConnected) {
    if (conditions.gaveUp) return wait({ is: "faulted" }, RECHECK_FAULT_MS);
    if (inspection === undefined) return pausing(conditions) ?? { do: "inspect", afterMs: 0 };
    if (inspection === "awaited") return wait({ is: "awaited" }, 0);
    if (inspection.mayPass) return { do: "inspect", afterMs: RECHECK_EEPROM_MS };
    if (inspection.faults.length > 0) return wait({ is: "faulted" }, RECHECK_FAULT_MS);
    return { do: "configure" };
  }
  if (isReset(leader) || isReset(follower)) return { do: "inspect", afterMs: 0 };
  if (follower.is === "reached") {
    const cooling = coolingOf(conditions, follower);
    if (cooling !== undefined) return wait(cooling);
    if (isParkAsked) return pausing(conditions) ?? { do: "park" };
  }
  if (leader.is === "unfit") return wait({ is: "leader unfit", problem: leader.problem }, RECHECK_FAULT_MS);
  if (leader.is === "silent") {
    const isHeld = follower.torque === "on";
    return wait({ is: "leader silent", problem: leader.problem, isHeld }, WATCH_LEADER_MS);
  }
  // A pair has a leader, here or elsewhere.
  if (leader.is === "absent") return wait({ is: "awaited" });
  const joint = leader.positions.findIndex((position) => !isPosition(position));
  if (joint !== -1) return wait({ is: "no position", joint, position: leader.positions[joint]! });
  if (follower.is === "absent") return pausing(conditions) ?? { do: "lead" };
  const awaitsMotion = conditions.start === "on leader motion" && follower.torque === "off";
  if (awaitsMotion && !conditions.leaderWasMoved) return wait({ is: "leader awaited" }, WATCH_LEADER_MS);
  return pausing(conditions) ?? { do: "follow" };
}

/** Whether an arm that was configured was reset by a loss of power since. */
function isReset(arm: Conditions["leader"]): boolean {
  return arm.is === "reached" && !arm.isConfigured;
}

/** What is seen to hold is not lent; what cannot be seen, after a release was tried, is lent as such. */
function lending({ leader, follower, isReleaseTried }: Conditions): Step["next"] {
  if (leader.is === "awaited" || follower.is === "awaited") return wait({ is: "awaited" }, 0);
  const { torque } = follower;
  if (torque === "on" || leader.torque === "on") return wait({ is: "lending" });
  if (torque === "unknown" && !isReleaseTried) return wait({ is: "lending" }, 0);
  return { do: "lend", torque };
}

/** What has failed again and again is left alone for a while, whatever it was. */
function pausing({ retryInMs }: Conditions): Step["next"] | undefined {
  return retryInMs > 0 ? wait({ is: "pausing" }, Math.min(retryInMs, LOOK_AGAIN_MS)) : undefined;
}

function wait(reason: WaitReason, forMs = LOOK_AGAIN_MS): Step["next"] {
  return { do: "wait", reason, forMs };
}

/** The hottest joint that keeps the follower from having its torque, if one does. */
function coolingOf(
  { heatLimits, isCooling }: Conditions,
  { temperaturesC }: ArmFacts,
): WaitReason | undefined {
  if (heatLimits === undefined) return undefined;
  const { coolBelowC, releaseFromC } = heatLimits;
  const limits = isCooling ? coolBelowC : releaseFromC;
  const hot = JOINTS.map((_, joint) => joint)
    .filter((joint) => temperaturesC[joint]! >= limits[joint]!)
    .sort((a, b) => temperaturesC[b]! - temperaturesC[a]!);
  const [joint] = hot;
  if (joint === undefined) return undefined;
  return { is: "cooling", joint, celsius: temperaturesC[joint]!, coolBelowC: coolBelowC[joint]! };
}

/** Why a follower that waits is released now, if it is. */
function releaseOf(conditions: Conditions, reason: WaitReason): ReleaseReason | undefined {
  const { mode, isLendAsked, follower, heldForS, holdForS } = conditions;
  if ((mode === "released" || isLendAsked) && follower.torque !== "off") return "pair.released";
  if (follower.torque !== "on") return undefined;
  if (reason.is === "cooling") return "servo.cooling";
  return heldForS >= holdForS ? "arm.held-too-long" : undefined;
}

/**
 * Whether a pair that waits is as somebody has asked for: paused, it writes no goal; released, every servo of the
 * follower was seen without torque.
 */
export function isAsWished({ mode, isParkAsked, follower }: Conditions): boolean {
  if (isParkAsked || mode === "running") return false;
  return mode === "paused" || follower.torque === "off";
}

/** The state in which a pair waits for a reason. */
export function stateOf(reason: WaitReason): PairState {
  if (reason.is === "paused") return reason.torqueOff ? "waiting" : "holding";
  if (reason.is === "leader silent") return reason.isHeld ? "holding" : "waiting";
  if (reason.is === "leader unfit") return "faulted";
  return reason.is === "faulted" ? "faulted" : "waiting";
}
