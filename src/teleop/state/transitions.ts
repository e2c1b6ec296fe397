/** Which state may follow which, and what leads there. The manual's table is made of this one. */
import type { EventCode } from "../reporting/codes.ts";
import { PAIR_STATES, type PairState } from "./states.ts";

/** An edge, or several that the same things lead along. */
export interface Transition {
  /** "any" is every state but {@link to} and `stopped`, which is the end. */
  readonly from: readonly PairState[] | "any";
  readonly to: PairState;
  /** What leads along it, for people. */
  readonly when: string;
  /** The codes of the reasons with which it is told. */
  readonly codes: readonly EventCode[];
}

/**
 * Every edge there is. There is none from holding to following: whatever has held is aligned first. None leads out of
 * stopped.
 */
export const transitions: readonly Transition[] = [
  {
    from: "any",
    to: "waiting",
    when: "a board, power or joint is missing, another program has a port, or a failure is retried",
    codes: [
      "board.missing",
      "port.denied",
      "port.busy",
      "port.failed",
      "port.too-slow",
      "bus.silent",
      "bus.joints-missing",
      "bus.damaged",
      "bus.failed",
      "servo.wrong-id",
      "servo.wrong-model",
      "servo.silent",
      "servo.reset",
      "servo.no-position",
      "program.internal-error",
    ],
  },
  {
    from: "any",
    to: "waiting",
    when: "a person asked to release the follower, or to pause it while its torque is off; it is too hot; or the leader must be moved first",
    codes: ["pair.released", "pair.paused", "servo.cooling", "leader.awaited"],
  },
  {
    from: "any",
    to: "waiting",
    when: "nothing is heard of the leader of another machine, and the follower's torque is off",
    codes: ["leader.away"],
  },
  {
    from: "any",
    to: "holding",
    when: "nothing is heard of the leader of another machine",
    codes: ["leader.away"],
  },
  {
    from: "any",
    to: "waiting",
    when: "a client that drives gives no targets, or drives no more, and the follower's torque is off",
    codes: ["client.silent", "client.gone", "leader.moved"],
  },
  {
    from: "any",
    to: "holding",
    when: "a client that drives gives no targets for 0.5 s, or drives no more; or the leader is moved meanwhile",
    codes: ["client.silent", "client.gone", "leader.moved"],
  },
  {
    from: "any",
    to: "waiting",
    when: "another program has borrowed the arms",
    codes: ["pair.lent"],
  },
  {
    from: ["waiting", "holding", "faulted"],
    to: "connecting",
    when: "all servos of the arms on this machine answer",
    codes: ["pair.connecting"],
  },
  {
    from: ["connecting", "waiting"],
    to: "leading",
    when: "only the leader is on this machine: it is checked and configured, and its positions are sent",
    codes: ["pair.leading"],
  },
  {
    from: ["leading"],
    to: "waiting",
    when: "no fresh leader position for `hold_after_ms`, or the program did not run",
    codes: ["leader.silent", "port.too-slow", "program.stalled"],
  },
  {
    from: ["connecting", "waiting", "holding"],
    to: "aligning",
    when: "both arms are checked and configured, and the leader has a position",
    codes: ["pair.aligning"],
  },
  {
    from: ["following"],
    to: "aligning",
    when: "the configuration was read again, the leader of another machine was connected anew, or a client drives",
    codes: ["pair.aligning"],
  },
  {
    from: ["connecting", "waiting", "holding", "following"],
    to: "aligning",
    when: "a person asked to park the follower: it moves to its parking pose, and is released there",
    codes: ["pair.parking"],
  },
  {
    from: ["aligning"],
    to: "following",
    when: "every goal has met its target, or something stops its joint",
    codes: ["pair.following"],
  },
  {
    from: ["aligning", "following"],
    to: "holding",
    when: "no fresh leader position for `hold_after_ms`, or the program did not run",
    codes: ["leader.silent", "port.too-slow", "program.stalled"],
  },
  {
    from: ["aligning", "following"],
    to: "holding",
    when: "something else was asked for again and again: it goes on after a pause",
    codes: ["pair.unsettled"],
  },
  {
    from: ["aligning", "following"],
    to: "holding",
    when: "another leader is to be followed: the arms are checked again",
    codes: ["drive.changed"],
  },
  { from: "any", to: "holding", when: "a person asked to pause", codes: ["pair.paused"] },
  {
    from: "any",
    to: "faulted",
    when: "something that software must not repair by itself",
    codes: [
      "bus.joints-missing",
      "arm.swapped",
      "servo.wrong-model",
      "calibration.missing",
      "calibration.mismatch",
      "calibration.unfinished",
      "servo.eeprom",
      "joint.out-of-range",
      "leader.unfit",
    ],
  },
  { from: "any", to: "stopped", when: "the program was told to end", codes: ["pair.stopped"] },
];

/** The states from which a transition leads. */
export function originsOf({ from, to }: Transition): readonly PairState[] {
  return from === "any" ? PAIR_STATES.filter((state) => state !== "stopped" && state !== to) : from;
}

/** Whether an edge leads from one state to another, told with this reason. */
export function isEdge(from: PairState, to: PairState, code: EventCode): boolean {
  return transitions.some(
    (transition) =>
      transition.to === to && transition.codes.includes(code) && originsOf(transition).includes(from),
  );
}
