/** Whom a workflow serves: it asks, tells and shows through this, be it a person at a terminal, a page, or a program. */
import type { SweepTrouble } from "../arm/calibration/sweep.ts";
import type { JointName } from "../arm/joints.ts";
import type { Steps } from "../feetech/units.ts";
import type { Audience } from "../messages/audience.ts";
import type { Interrupted } from "./errors.ts";

/** A person, or a program in a person's place. Questions reject with {@link Interrupted} when they are cancelled. */
export interface Operator {
  /** Aborted when the workflow is to end early; its reason is {@link Interrupted}. A question that is open ends with it. */
  readonly signal: AbortSignal;
  /** Ends the workflow early, as the signal then says: the arms are wanted back. */
  interrupt(why: Interrupted): void;
  /** Whether somebody is there who answers and acts: then what goes wrong is told, and asked for again. */
  readonly attended: boolean;
  /** Who reads, for the words of problems and for the commands in messages. */
  readonly audience: Audience;

  /** Says something. */
  tell(tone: Tone, message: string): void;
  /** Says that a step begins, and what the person is to do in it; a program learns its fields. */
  progress(step: Step, instruction: string): void;
  /** Something for programs to know. What people are told of it, if anything, are `words`: then programs get no words. */
  event(event: OperatorEvent, words?: Words): void;

  /**
   * Asks for a yes. Without a person what was agreed beforehand answers; when nothing was, it throws {@link UsageError}.
   * A "grave" question is about a probable mistake: what was agreed beforehand does not answer it, and without a person
   * the answer is no. While a "holding" one is asked an arm holds its pose, and a hand is to be under it: a page that is
   * gone cannot answer it any more.
   */
  ask(question: string, weight?: "grave" | "holding"): Promise<boolean>;
  /** Asks for one of several. Without a person it throws {@link UsageError}, whose message ends in `instead`. */
  choose<Value extends string>(
    question: string,
    options: readonly Choice<Value>[],
    instead: string,
  ): Promise<Value>;

  /** Shows how far something has come. */
  show(picture: Picture): void;
  /**
   * Begins to show something that changes, until the person says that it is done, which `doneWhen` completes: "when …".
   * Only where the operator is attended; otherwise it throws {@link UsageError}.
   */
  live(doneWhen: string): LivePicture;
}

/** How something is meant that is told. */
export type Tone =
  /** It goes on, or must be known. */
  | "info"
  /** It is done. */
  | "done"
  /** It is wrong, and the workflow goes on. */
  | "warning"
  /** It is wrong, and the workflow was to find that out. */
  | "fault";

/** What is told, and how it is meant. */
export interface Words {
  readonly tone: Tone;
  readonly message: string;
}

/** A step of a workflow, by its name. */
export interface Step {
  readonly step: string;
  readonly [field: string]: unknown;
}

/** Something for programs, by its name. */
export interface OperatorEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** One of several answers. */
export interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** A picture that is drawn again and again in one place. */
export interface LivePicture {
  /** Shows it as it is now. It may be called as often as there is something new. */
  draw(picture: Picture): void;
  /** Whether the person has said that it is done. */
  readonly isDone: boolean;
  /** Resolves when the person says so; rejects with {@link Interrupted} or the signal's reason. */
  readonly done: Promise<void>;
  /** Leaves the picture as it was drawn last. */
  end(): void;
}

/** What is shown, as data: each operator draws it in its own way. */
export type Picture = SweepPicture | SetupPicture;

/** Joints that are moved from end to end. */
export interface SweepPicture {
  readonly kind: "sweep";
  readonly joints: readonly SweptJoint[];
}

/** One of them: where it is and was, in steps, and what its range still lacks; undefined when nothing. */
export interface SweptJoint {
  readonly joint: JointName;
  readonly min: Steps;
  readonly position: Steps;
  readonly max: Steps;
  readonly trouble: SweepTrouble | undefined;
}

/** Servos that get their ids, one after the other, in the order in which they do. */
export interface SetupPicture {
  readonly kind: "setup";
  readonly joints: readonly { readonly joint: JointName; readonly state: "done" | "now" | "to do" }[];
}
