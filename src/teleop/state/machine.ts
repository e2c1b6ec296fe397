/** The pair's state: the one place that has it, and that changes it. */
import { jointsOf } from "../../arm/problem.ts";
import type { EventSink } from "../reporting/events.ts";
import type { Problem } from "../reporting/problem.ts";
import type { PairState } from "./states.ts";
import { isEdge } from "./transitions.ts";

/** The program wanted to go where no edge leads: its own mistake. Nothing has changed. */
export class MissingEdge extends Error {
  override readonly name = "MissingEdge";

  constructor(from: PairState, to: PairState, code: string) {
    super(`there is no edge from ${from} to ${to} for ${code}`);
  }
}

/** Why a pair is in its state; the first reason led there. */
export type Reasons = readonly [Problem, ...Problem[]];

/** One pair's state. */
export class StateMachine {
  readonly #sink: EventSink;
  #state: PairState = "waiting";
  #reasons: Reasons | undefined;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** The state that was entered last; waiting at first. */
  get state(): PairState {
    return this.#state;
  }

  /** Whether somebody was told why the pair is in its state: not before the first is entered. */
  get isTold(): boolean {
    return this.#reasons !== undefined;
  }

  /**
   * Enters a state and tells it. When it is the present one, other reasons than before are told as such.
   * Throws {@link MissingEdge}.
   */
  enter(to: PairState, reasons: Reasons): void {
    const from = this.#state;
    const before = this.#reasons;
    if (from !== to && !isEdge(from, to, reasons[0].code)) throw new MissingEdge(from, to, reasons[0].code);
    this.#state = to;
    this.#reasons = reasons;
    if (before === undefined) this.#sink({ kind: "state", from: undefined, to, reasons });
    else if (from !== to) this.#sink({ kind: "state", from, to, reasons });
    else if (!isSame(before, reasons)) this.#sink({ kind: "reasons", reasons });
  }
}

/** Whether reasons are the same but for their figures, which may change all the time. "fresh" is no figure. */
function isSame(a: Reasons, b: Reasons): boolean {
  const keys = (reasons: Reasons) =>
    reasons.map((problem) => {
      const { code, arm } = problem;
      return [code, arm?.role, ...jointsOf(problem), "fresh" in problem].join(" ");
    });
  return Bun.deepEquals(keys(a), keys(b));
}
