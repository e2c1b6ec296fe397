/** The operator of a workflow that asks nothing: what it tells is kept for the page's answer. */
import type { Audience } from "../../messages/audience.ts";
import { type Interrupted, UsageError } from "../../workflows/errors.ts";
import type { LivePicture, Operator, OperatorEvent, Step, Tone, Words } from "../../workflows/operator.ts";

/** Keeps what it is told. */
export class Teller implements Operator {
  readonly attended = false;
  readonly audience: Audience;
  readonly signal: AbortSignal;
  readonly #end = new AbortController();
  /** In sentences. */
  readonly told: string[] = [];

  constructor(audience: Audience, signal: AbortSignal) {
    this.audience = audience;
    this.signal = AbortSignal.any([signal, this.#end.signal]);
  }

  interrupt(why: Interrupted): void {
    this.#end.abort(why);
  }

  tell(_: Tone, message: string): void {
    this.told.push(message.endsWith(".") ? message : `${message}.`);
  }

  progress(_: Step, instruction: string): void {
    this.tell("info", instruction);
  }

  event(_: OperatorEvent, words?: Words): void {
    if (words) this.tell(words.tone, words.message);
  }

  async ask(): Promise<boolean> {
    return false;
  }

  async choose(_: string, __: readonly unknown[], instead: string): Promise<never> {
    throw new UsageError(instead);
  }

  show(): void {}

  live(): LivePicture {
    throw new UsageError("nobody is there");
  }
}
