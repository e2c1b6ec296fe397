/** An operator whose part a test plays: it answers what it is asked, and does with its hands what it is told. */
import type { Audience } from "../../src/messages/audience.ts";
import { Interrupted } from "../../src/workflows/errors.ts";
import type {
  Choice,
  LivePicture,
  Operator,
  OperatorEvent,
  Picture,
  Step,
  Tone,
  Words,
} from "../../src/workflows/operator.ts";

/** What the operator does. */
export interface Script {
  /** Nobody is there, but everything was agreed beforehand. */
  readonly attended?: false;
  readonly signal?: AbortSignal;
  readonly audience?: Audience;
  /** The answer to a question; yes unless told otherwise, "cancel" for Ctrl-C or a closed page. */
  answer?(question: string): boolean | "cancel";
  /** Which of several is chosen. */
  choose?(question: string, values: readonly string[]): string;
  /** Something was said: an instruction may be followed. */
  hears?(message: string): unknown;
  /** The live picture of this number, from 1, was drawn; true when the person says that it is done. */
  sees?(picture: Picture, number: number): boolean;
}

/** Plays a script, and remembers what it was told and shown. */
export class ScriptedOperator implements Operator {
  readonly attended: boolean;
  readonly signal: AbortSignal;
  readonly audience: Audience;
  /** What was said, as `tone: message`. */
  readonly heard: string[] = [];
  readonly asked: string[] = [];
  readonly events: OperatorEvent[] = [];
  readonly pictures: Picture[] = [];
  readonly #script: Script;
  readonly #end = new AbortController();
  #lives = 0;

  constructor(script: Script = {}) {
    this.#script = script;
    this.attended = script.attended ?? true;
    this.audience = script.audience ?? {};
    this.signal = AbortSignal.any([...(script.signal ? [script.signal] : []), this.#end.signal]);
  }

  interrupt(why: Interrupted): void {
    this.#end.abort(why);
  }

  tell(tone: Tone, message: string): void {
    this.heard.push(`${tone}: ${message}`);
    this.#script.hears?.(message);
  }

  progress({ step, ...fields }: Step, instruction: string): void {
    this.events.push({ event: "step", step, ...fields });
    this.tell("info", instruction);
  }

  event(event: OperatorEvent, words?: Words): void {
    this.events.push(event);
    if (words !== undefined) this.tell(words.tone, words.message);
  }

  async ask(question: string, weight?: "grave" | "holding"): Promise<boolean> {
    this.asked.push(question);
    if (weight === "grave" && !this.attended) return false;
    const answer = this.#script.answer?.(question) ?? true;
    if (answer === "cancel") throw new Interrupted();
    return answer;
  }

  async choose<Value extends string>(question: string, options: readonly Choice<Value>[]): Promise<Value> {
    this.asked.push(question);
    const values = options.map(({ value }) => value);
    return this.#script.choose!(question, values) as Value;
  }

  show(picture: Picture): void {
    this.pictures.push(picture);
  }

  live(_doneWhen: string): LivePicture {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const number = ++this.#lives;
    let isDone = false;
    return {
      done,
      get isDone() {
        return isDone;
      },
      draw: (picture) => {
        this.pictures.push(picture);
        isDone ||= this.#script.sees?.(picture, number) ?? false;
        if (isDone) resolve();
      },
      end() {},
    };
  }
}
