/** Tells the main thread the pair's state and what keeps it there, each thing once for as long as it lasts. */
import type { ArmIdentity } from "../../arm/identity.ts";
import type { Role } from "../../arm/joints.ts";
import type { Reasons, StateMachine } from "../state/machine.ts";
import type { EventSink, Severity } from "./events.ts";
import type { Problem } from "./problem.ts";

/** An arm, and what keeps it from being reached. */
export interface Reach {
  readonly arm: ArmIdentity;
  readonly problem: Problem | undefined;
}

/** The pair's voice. */
export class Reporter {
  readonly #sink: EventSink;
  readonly #machine: StateMachine;
  /** What is said to be missing of each arm. */
  readonly #missing = new Map<Role, Problem>();
  #warnings: readonly Problem[] = [];
  #remarks: readonly Problem[] = [];
  #faults: readonly Problem[] = [];
  #failure: Problem | undefined;

  constructor(machine: StateMachine, sink: EventSink) {
    this.#machine = machine;
    this.#sink = sink;
  }

  /** True while what goes wrong, as {@link failed} has said, is tried again. */
  get isRetrying(): boolean {
    return this.#failure !== undefined;
  }

  notice(severity: Severity, problem: Problem): void {
    this.#sink({ kind: "notice", severity, problem });
  }

  /** Says what is missing of the arms, or that one of which something was missing is back. */
  reach(arms: readonly Reach[]): void {
    const missing = arms.flatMap(({ problem }) => problem ?? []);
    const fresh = arms.flatMap(({ arm, problem }) =>
      problem === undefined || isSame(this.#missing.get(arm.role), problem) ? [] : problem,
    );
    const [first, ...others] = missing;
    // Where the state is entered for it, that tells it.
    const wasWaiting = this.#machine.state === "waiting" && this.#machine.isTold;
    if (first !== undefined) this.#machine.enter("waiting", [first, ...others]);
    if (wasWaiting) for (const problem of fresh) this.notice("info", problem);
    for (const { arm, problem } of arms) {
      if (problem !== undefined) this.#missing.set(arm.role, problem);
      else if (this.#missing.delete(arm.role)) this.notice("info", { code: "arm.back", arm });
    }
  }

  /** What was missing of an arm that is not used any more is missing no longer. */
  forget(role: Role): void {
    this.#missing.delete(role);
  }

  /** Says the warnings that are new since the arms were checked before. */
  warn(problems: readonly Problem[]): void {
    for (const problem of freshOf(problems, this.#warnings)) this.notice("warning", problem);
    this.#warnings = problems;
  }

  /** Says what is worth a word and new since the arms were checked before. */
  remark(problems: readonly Problem[]): void {
    for (const problem of freshOf(problems, this.#remarks)) this.notice("info", problem);
    this.#remarks = problems;
  }

  /** Enters the faulted state, or says that other faults have taken the place of those said before. */
  fault(problems: Reasons): void {
    if (this.#machine.state === "faulted") {
      for (const problem of freshOf(problems, this.#faults)) this.notice("fault", problem);
    }
    this.#faults = problems;
    this.#machine.enter("faulted", problems);
  }

  /** Waits with what went wrong; says it once while it goes on going wrong, until {@link succeeded}. */
  failed(problem: Problem): void {
    if (isSame(this.#failure, problem)) return;
    this.#failure = problem;
    if (this.#machine.state === "waiting" && this.#machine.isTold) this.notice("warning", problem);
    this.#machine.enter("waiting", [problem]);
  }

  /** Forgets what had {@link failed}. */
  succeeded(): void {
    this.#failure = undefined;
  }
}

function freshOf(problems: readonly Problem[], before: readonly Problem[]): Problem[] {
  return problems.filter((problem) => !before.some((told) => isSame(told, problem)));
}

function isSame(a: unknown, b: unknown): boolean {
  return Bun.deepEquals(a, b);
}
