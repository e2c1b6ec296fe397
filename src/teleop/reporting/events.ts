/** What the control thread tells the main thread, at changes only: never from within a tick that changes nothing. */
import type { Calibration } from "../../arm/calibration/calibration.ts";
import type { Role } from "../../arm/joints.ts";
import type { PairState } from "../state/states.ts";
import type { DriveOver, Left, Problem } from "./problem.ts";

/** How much a notice asks of the reader: nothing, a look, or an action without which it will not go on. */
export type Severity = "info" | "warning" | "fault";

/** A change of the pair's state, and why; the first reason led there. */
export interface StateChange {
  readonly kind: "state";
  /** Undefined at the first. */
  readonly from: PairState | undefined;
  readonly to: PairState;
  readonly reasons: readonly Problem[];
}

/** The pair stays in its state for other reasons than those told last; what changed has been told by notices. */
export interface NewReasons {
  readonly kind: "reasons";
  readonly reasons: readonly Problem[];
}

/** Something that happened. */
export interface Notice {
  readonly kind: "notice";
  readonly severity: Severity;
  readonly problem: Problem;
}

/** Something that lasts begins, or ends. */
export interface AlarmChange {
  readonly kind: "alarm";
  readonly change: "raised" | "cleared";
  /** The alarm's own name, by which its end is known. */
  readonly name: string;
  /** Of a cleared one "info". */
  readonly severity: Severity;
  /** What it is, with the figures of now. */
  readonly problem: Problem;
  /** It has been told a moment ago, or goes without saying: not for people. */
  readonly quiet?: true;
  /** How often it was raised quietly since it was told last. */
  readonly untold?: number;
}

/** How a drive of a client is: it gives the targets; they are not heeded for now; it is no more. */
export type DriveChange =
  | { readonly is: "driving" | "holding" }
  | { readonly is: "over"; readonly why: DriveOver };

/** One message from the control thread. */
export type ControlEvent =
  | StateChange
  | NewReasons
  | Notice
  | AlarmChange
  | { readonly kind: "calibration"; readonly role: Role; readonly calibration: Calibration }
  /** The positions of the leader, with the calibration that was told last, go out under this epoch. */
  | { readonly kind: "epoch"; readonly epoch: string }
  /** What has become of the drive with this number. */
  | ({ readonly kind: "drive"; readonly session: number } & DriveChange)
  | { readonly kind: "stopped"; readonly left: Left };

/** Takes the control thread's messages. */
export type EventSink = (event: ControlEvent) => void;
