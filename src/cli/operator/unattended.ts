/** An operator without a person: what `--yes` has agreed to beforehand is the answer to every question. */
import type { Audience } from "../../messages/audience.ts";
import { type Interrupted, UsageError } from "../../workflows/errors.ts";
import type {
  Choice,
  LivePicture,
  Operator,
  OperatorEvent,
  Picture,
  Step,
  Tone,
  Words,
} from "../../workflows/operator.ts";

/** What was agreed beforehand. */
export type Agreed = "everything" | "nothing";

/** What lines and programs have in common. */
export abstract class UnattendedOperator implements Operator {
  readonly attended = false;
  readonly audience: Audience;
  readonly signal: AbortSignal;
  readonly #agreed: Agreed;
  readonly #end = new AbortController();

  constructor(audience: Audience, agreed: Agreed, signal: AbortSignal) {
    this.audience = audience;
    this.#agreed = agreed;
    this.signal = AbortSignal.any([signal, this.#end.signal]);
  }

  interrupt(why: Interrupted): void {
    this.#end.abort(why);
  }

  abstract tell(tone: Tone, message: string): void;
  abstract progress(step: Step, instruction: string): void;
  abstract event(event: OperatorEvent, words?: Words): void;

  async ask(question: string, weight?: "grave" | "holding"): Promise<boolean> {
    this.signal.throwIfAborted();
    if (weight === "grave") {
      this.tell("warning", question);
      return false;
    }
    if (this.#agreed === "nothing") {
      throw new UsageError(`${question} — nobody can be asked here: run it on a terminal, or give --yes`);
    }
    this.tell("info", `${question} — yes`);
    return true;
  }

  async choose<Value extends string>(
    question: string,
    _: readonly Choice<Value>[],
    instead: string,
  ): Promise<Value> {
    throw new UsageError(`${question} — nobody can be asked here: ${instead}`);
  }

  /** Pictures are for people who watch. */
  show(_: Picture): void {}

  live(doneWhen: string): LivePicture {
    throw new UsageError(`nobody can say here when ${doneWhen}: run it on a terminal`);
  }
}
