/** The pair's state: the one place that has it, that changes it, and that counts how it comes and goes. */
import { jointsOf } from "../../arm/problem.ts";
import type { Clock } from "../../linux/clock.ts";
import type { EventCode } from "../reporting/codes.ts";
import type { EventSink } from "../reporting/events.ts";
import type { Problem } from "../reporting/problem.ts";
import { RetryPauses, SOON_US } from "./retry.ts";
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

/** How far each state is on the way to following: what rises from a low one to a higher one is an attempt. */
const HEIGHT: Readonly<Record<PairState, number>> = {
  stopped: 0,
  waiting: 0,
  faulted: 0,
  holding: 1,
  connecting: 2,
  aligning: 2,
  following: 2,
  leading: 2,
};

/** One pair's state. */
export class StateMachine {
  readonly #sink: EventSink;
  readonly #clock: Clock;
  /** Of attempts, whatever ends them: each that ends within 2 s makes the pause before the next one longer. */
  readonly #attempts = new RetryPauses(SOON_US);
  #isAttempt = false;
  #state: PairState = "waiting";
  #reasons: Reasons | undefined;

  constructor(sink: EventSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** The state that was entered last; waiting at first. */
  get state(): PairState {
    return this.#state;
  }

  /** Whether somebody was told why the pair is in its state: not before the first is entered. */
  get isTold(): boolean {
    return this.#reasons !== undefined;
  }

  /** The code of the reason that led to the state; undefined before the first is entered. */
  get why(): EventCode | undefined {
    return this.#reasons?.[0].code;
  }

  /** How long no state is to be entered that is nearer to following, ms: the attempts before have ended too soon. */
  get pauseMs(): number {
    return this.#attempts.pauseMs(this.#clock.nowUs());
  }

  /** Both boards are there, on these nodes: with others than before the attempts before no longer count. */
  appears(nodes: string): void {
    this.#attempts.appears(this.#clock.nowUs(), nodes);
  }

  /**
   * Enters a state and tells it. When it is the present one, other reasons than before are told as such.
   * Throws {@link MissingEdge}.
   */
  enter(to: PairState, reasons: Reasons): void {
    const from = this.#state;
    const before = this.#reasons;
    if (from !== to && !isEdge(from, to, reasons[0].code)) throw new MissingEdge(from, to, reasons[0].code);
    this.#count(from, to);
    this.#state = to;
    this.#reasons = reasons;
    if (before === undefined) this.#sink({ kind: "state", from: undefined, to, reasons });
    else if (from !== to) this.#sink({ kind: "state", from, to, reasons });
    else if (!isSame(before, reasons)) this.#sink({ kind: "reasons", reasons });
  }

  /** An attempt ends where the state falls, or begins anew, as with other settings. */
  #count(from: PairState, to: PairState): void {
    const nowUs = this.#clock.nowUs();
    const isAnew = to === "aligning" && (from === "following" || from === to);
    if (this.#isAttempt && (isAnew || HEIGHT[to] < HEIGHT[from])) {
      this.#isAttempt = false;
      this.#attempts.failed(nowUs);
    }
    if (!isAnew && HEIGHT[to] <= HEIGHT[from]) return;
    this.#isAttempt = true;
    this.#attempts.connects(nowUs);
  }
}

/** Whether reasons are the same but for their figures, which may change all the time. "fresh" is no figure, nor is the
 * trouble for which nothing is heard of a leader. */
function isSame(a: Reasons, b: Reasons): boolean {
  const keys = (reasons: Reasons) =>
    reasons.map((problem) => {
      const { code, arm } = problem;
      const why = problem.code === "leader.away" ? problem.trouble?.why : undefined;
      return [code, arm?.role, ...jointsOf(problem), "fresh" in problem, why].join(" ");
    });
  return Bun.deepEquals(keys(a), keys(b));
}
