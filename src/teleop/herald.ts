/** Tells the main thread the pair's state and what keeps it there, each thing once for as long as it lasts. */
import type { Severity, Tell } from "./events.ts";
import type { PairState, SharedState } from "./shared.ts";

/** The pair's voice. */
export class Herald {
  readonly tell: Tell;
  readonly #shared: SharedState;
  #state: PairState | undefined;
  /** What is said to be missing of each arm, by its name. */
  readonly #troubles = new Map<string, string>();
  #warnings: ReadonlySet<string> = new Set();
  #faults: string | undefined;
  #failure: string | undefined;

  constructor(shared: SharedState, tell: Tell) {
    this.#shared = shared;
    this.tell = tell;
  }

  /** The state that was entered last. */
  get state(): PairState | undefined {
    return this.#state;
  }

  /** True while what goes wrong, as {@link failed} has said, is tried again. */
  get isRetrying(): boolean {
    return this.#failure !== undefined;
  }

  /** Enters a state, unless it is the present one. */
  enter(to: PairState, why: string): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#shared.state = to;
    this.tell({ kind: "state", from, to, why });
  }

  notice(severity: Severity, message: string): void {
    this.tell({ kind: "notice", severity, message });
  }

  /** Says what is missing of the arms, or that one of which something was missing is back. */
  reach(arms: readonly { readonly name: string; readonly trouble: string | undefined }[]): void {
    const troubled = arms.filter(({ trouble }) => trouble !== undefined);
    const fresh = troubled.filter(({ name, trouble }) => this.#troubles.get(name) !== trouble);
    if (troubled.length > 0 && this.#state !== "waiting") {
      this.enter("waiting", troubled.map(({ trouble }) => trouble).join("; "));
    } else {
      for (const { trouble } of fresh) this.notice("info", trouble!);
    }
    for (const { name, trouble } of arms) {
      if (trouble !== undefined) this.#troubles.set(name, trouble);
      else if (this.#troubles.delete(name)) this.notice("info", `${name} answers`);
    }
  }

  /** Says the warnings that are new since the arms were last looked at. */
  warn(messages: readonly string[]): void {
    const fresh = messages.filter((message) => !this.#warnings.has(message));
    this.#warnings = new Set(messages);
    for (const message of fresh) this.notice("warning", message);
  }

  /** Enters the faulted state, or says that other faults have taken the place of those said before. */
  fault(messages: readonly string[]): void {
    const faults = messages.join("; ");
    if (this.#state === "faulted" && this.#faults !== faults) this.notice("fault", faults);
    this.#faults = faults;
    this.enter("faulted", faults);
  }

  /** Waits with what went wrong; says it once while it goes on going wrong, until {@link succeeded}. */
  failed(trouble: string): void {
    if (this.#failure === trouble) return;
    this.#failure = trouble;
    if (this.#state === "waiting") this.notice("warning", trouble);
    else this.enter("waiting", trouble);
  }

  /** Forgets what had {@link failed}. */
  succeeded(): void {
    this.#failure = undefined;
  }
}
