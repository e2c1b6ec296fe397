/** What the control thread tells the main thread, at changes only: never from within a tick that changes nothing. */
import type { Calibration } from "../arm/calibration/calibration.ts";
import type { Role } from "../arm/joints.ts";
import type { EventCode } from "./codes.ts";
import type { PairState } from "./shared/state.ts";

/** How much a notice asks of the reader: nothing, a look, or an action without which it will not go on. */
export type Severity = "info" | "warning" | "fault";

/** Something to be told: what it is, which arm it is about where it is about one, and the words for a person. */
export interface Note {
  readonly code: EventCode;
  readonly role?: Role;
  readonly message: string;
}

/** A note, and how serious it is. */
export interface Notice extends Note {
  readonly kind: "notice";
  readonly severity: Severity;
  /** The name of what lasts, where it does: until a notice of the same name says that it is over. */
  readonly episode?: string;
  readonly over?: true;
  /** It has been told a moment ago: not again for people. */
  readonly quiet?: true;
}

/** A change of the pair's state; its note is the reason. */
export interface StateChange {
  readonly kind: "state";
  readonly from: PairState | undefined;
  readonly to: PairState;
  readonly why: string;
  readonly code: EventCode;
  readonly role?: Role;
}

/** The pair stays in its state for another reason than the one told last; what changed has been told by a notice. */
export interface Reason extends Omit<StateChange, "kind" | "from" | "to"> {
  readonly kind: "reason";
}

/** One message from the control thread. */
export type ControlEvent =
  | StateChange
  | Reason
  | Notice
  | { readonly kind: "calibration"; readonly role: Role; readonly calibration: Calibration }
  | { readonly kind: "stopped"; readonly how: string };

/** Takes the control thread's messages. */
export type Tell = (event: ControlEvent) => void;
