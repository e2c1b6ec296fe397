/** The person at a page as workflows know them: what they are told, asked and shown waits for whichever page looks. */
import type { Audience } from "../../messages/audience.ts";
import type { Interrupted } from "../../workflows/errors.ts";
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
import type { Conversation, Line, Question } from "./messages.ts";

/** What has changed: "picture" where nothing else has. */
export type Change = "picture" | "conversation";

/** So many lines are kept … */
const MOST_LINES = 50;
/** … each so long at most: none of the program's own is. */
const LONGEST_LINE = 2_000;

type Asked = Question extends infer One ? (One extends Question ? Omit<One, "id"> : never) : never;

/** Asks and tells on pages. */
export class PageOperator implements Operator {
  readonly attended = true;
  readonly audience: Audience;
  readonly #interruption: AbortController;
  readonly #changed: (change: Change) => void;
  readonly #lines: Line[] = [];
  #questions = 0;
  #open: { readonly question: Question; readonly answered: (value: boolean | string) => void } | undefined;
  #picture: Picture | undefined;

  /** `interruption` ends it early; `changed` is called whenever there is something new to see. */
  constructor(audience: Audience, interruption: AbortController, changed: (change: Change) => void) {
    this.audience = audience;
    this.#interruption = interruption;
    this.#changed = changed;
  }

  get signal(): AbortSignal {
    return this.#interruption.signal;
  }

  interrupt(why: Interrupted): void {
    this.#interruption.abort(why);
  }

  /** What was said and is asked and shown now. */
  get conversation(): Omit<Conversation, "ended"> {
    return { lines: this.#lines, question: this.#open?.question ?? null, picture: this.#picture ?? null };
  }

  /** Takes an answer to the question of that number; "not asked" where that is not open, "no answer" where it is none to it. */
  answer(question: number, value: boolean | string): "taken" | "not asked" | "no answer" {
    if (this.#open?.question.id !== question) return "not asked";
    if (!isAnswer(this.#open.question, value)) return "no answer";
    this.#open.answered(value);
    return "taken";
  }

  tell(tone: Tone, message: string): void {
    this.#say({ tone, message });
  }

  progress(_: Step, instruction: string): void {
    this.#say({ tone: "instruction", message: instruction });
  }

  event(_: OperatorEvent, words?: Words): void {
    if (words !== undefined) this.#say(words);
  }

  async ask(text: string, weight?: "grave" | "holding"): Promise<boolean> {
    return (
      (await this.#ask({
        kind: "yes or no",
        text,
        isGrave: weight === "grave",
        isHolding: weight === "holding",
      })) === true
    );
  }

  async choose<Value extends string>(text: string, choices: readonly Choice<Value>[]): Promise<Value> {
    return (await this.#ask({ kind: "choice", text, choices: [...choices] })) as Value;
  }

  show(picture: Picture): void {
    this.#picture = picture;
    this.#changed("picture");
  }

  live(text: string): LivePicture {
    let isDone = false;
    const done = this.#ask({ kind: "done", text }).then(() => {
      isDone = true;
    });
    // Who has ended it early looks at the signal, and need not wait for this.
    done.catch(() => {});
    return {
      draw: (picture) => this.show(picture),
      get isDone() {
        return isDone;
      },
      done,
      end: () => this.#close(),
    };
  }

  #ask(asked: Asked): Promise<boolean | string> {
    return new Promise((resolve, reject) => {
      this.signal.throwIfAborted();
      const abort = () => {
        this.#close();
        reject(this.signal.reason);
      };
      const answered = (value: boolean | string) => {
        this.signal.removeEventListener("abort", abort);
        this.#close();
        resolve(value);
      };
      this.#open = { question: { id: ++this.#questions, ...asked } as Question, answered };
      this.signal.addEventListener("abort", abort, { once: true });
      this.#changed("conversation");
    });
  }

  #close(): void {
    if (this.#open === undefined) return;
    this.#open = undefined;
    this.#changed("conversation");
  }

  #say({ tone, message }: Line): void {
    this.#lines.push({ tone, message: message.slice(0, LONGEST_LINE) });
    this.#lines.splice(0, this.#lines.length - MOST_LINES);
    this.#changed("conversation");
  }
}

function isAnswer(question: Question, value: boolean | string): boolean {
  switch (question.kind) {
    case "yes or no":
      return typeof value === "boolean";
    case "choice":
      return question.choices.some((choice) => choice.value === value);
    case "done":
      return value === true;
  }
}
