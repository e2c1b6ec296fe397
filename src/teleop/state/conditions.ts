/** What a pair's next step is decided by: how both arms were seen just now, and what is remembered of before. */

import type { TorqueState } from "../../arm/servos/release.ts";
import type { Steps } from "../../feetech/units.ts";
import type { Problem } from "../reporting/problem.ts";
import type { StartBehaviour } from "../settings.ts";
import type { Mode } from "./states.ts";

/** An arm whose six servos answer, as they were read together. */
export interface ArmFacts {
  readonly torque: TorqueState;
  /** In steps, in the joints' order; not each need be a position. */
  readonly positions: readonly Steps[];
  /** °C, in the joints' order. */
  readonly temperaturesC: readonly number[];
  /** False when a servo was reset by a loss of power since it was configured. */
  readonly isConfigured: boolean;
}

/** How an arm was seen. */
export type ArmCondition =
  | { readonly is: "out of reach"; readonly problem: Problem; readonly torque: TorqueState }
  /** Its port is not open yet: the main thread looks who has it. */
  | { readonly is: "awaited"; readonly torque: "unknown" }
  /** It is not on this machine. */
  | { readonly is: "absent"; readonly torque: "off" }
  | ({ readonly is: "reached" } & ArmFacts);

/** How a leader was seen, on a bus or on another machine. */
export type LeaderCondition =
  | ArmCondition
  /** On another machine, from which nothing good came lately; or a client in its place, that gives no target now. */
  | { readonly is: "silent"; readonly torque: TorqueState; readonly problem: Problem }
  /** On another machine, and not to be followed as this follower is configured. */
  | { readonly is: "unfit"; readonly torque: "off"; readonly problem: Problem };

/** What the checks of both arms, against their files and each other, have found. */
export interface Inspection {
  readonly faults: readonly Problem[];
  /** File and servos disagree, perhaps only because EEPROM was written just now: to be checked again. */
  readonly mayPass: boolean;
}

/** From which temperatures the follower may have its torque, °C, in the joints' order. */
export interface HeatLimits {
  readonly releaseFromC: readonly number[];
  /** Below these a follower that was released for its heat may go on. */
  readonly coolBelowC: readonly number[];
}

/** Everything that the decision needs. Nothing here changes. */
export interface Conditions {
  readonly mode: Mode;
  /** Somebody asked for the follower to be parked, and it was not yet. */
  readonly isParkAsked: boolean;
  /** Somebody wants to borrow the arms. */
  readonly isLendAsked: boolean;
  /** In this cycle the follower was released, unless its torque is off, or there is no connection to it. */
  readonly isReleaseTried: boolean;
  readonly leader: LeaderCondition;
  readonly follower: ArmCondition;
  /** There once both arms were checked in this cycle; "awaited" while the main thread reads the files for that. */
  readonly inspection?: Inspection | "awaited";
  /** Both arms are checked and configured, and were not lost since. */
  readonly isConnected: boolean;
  /** Of the connected follower. */
  readonly heatLimits?: HeatLimits;
  /** The follower was released for its heat, and was not seen cool since. */
  readonly isCooling: boolean;
  /** EEPROM did not take a value: each further try would wear it. */
  readonly gaveUp: boolean;
  /** What has failed again and again is left alone for so long. */
  readonly retryInMs: number;
  readonly start: StartBehaviour;
  /** With `start` "on leader motion": the leader was moved by hand since the follower has waited for that. */
  readonly leaderWasMoved: boolean;
  /** For how long the follower has been held, in s. */
  readonly heldForS: number;
  /** After so long it is released, in s. */
  readonly holdForS: number;
}
