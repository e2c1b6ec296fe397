/** A person at a terminal: prompts, messages beside their guide, and pictures that are drawn in one place. */
import { type CANCEL_SYMBOL, confirm, isCancel, log, select } from "@clack/prompts";
import { terminalText } from "../../linux/text/styled.ts";
import type { Audience } from "../../messages/audience.ts";
import { Interrupted } from "../../workflows/errors.ts";
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
import { liveUntilEnter } from "../output/live.ts";
import { linesOf } from "./pictures.ts";

const logs: Readonly<Record<Tone, (message: string) => void>> = {
  info: log.info,
  done: log.success,
  warning: log.warn,
  fault: log.error,
};

/** Draws no more often than this: eyes do not see more, and a serial console takes no more. */
const DRAW_EVERY_MS = 100;

/** Asks and tells on the terminal that the program runs on. */
export class TerminalOperator implements Operator {
  readonly attended = true;
  readonly audience: Audience;
  readonly signal: AbortSignal;
  readonly #end = new AbortController();

  constructor(audience: Audience, signal: AbortSignal) {
    this.audience = audience;
    this.signal = AbortSignal.any([signal, this.#end.signal]);
  }

  interrupt(why: Interrupted): void {
    this.#end.abort(why);
  }

  tell(tone: Tone, message: string): void {
    logs[tone](wrapped(message));
  }

  progress(_: Step, instruction: string): void {
    this.tell("info", instruction);
  }

  event(_: OperatorEvent, words?: Words): void {
    if (words !== undefined) this.tell(words.tone, words.message);
  }

  async ask(question: string, weight?: "grave" | "holding"): Promise<boolean> {
    const initialValue = weight !== "grave";
    const message = terminalText(question);
    return this.#answer(await confirm({ message, initialValue, signal: this.signal }));
  }

  async choose<Value extends string>(question: string, options: readonly Choice<Value>[]): Promise<Value> {
    const shown = options.map(({ label, hint, ...option }) => ({
      ...option,
      label: terminalText(label),
      ...(hint !== undefined && { hint: terminalText(hint) }),
    })) as { value: string; label: string }[];
    const message = terminalText(question);
    return this.#answer(await select({ message, options: shown, signal: this.signal })) as Value;
  }

  show(picture: Picture): void {
    log.message(terminalText(linesOf(picture).join("\n")));
  }

  live(doneWhen: string): LivePicture {
    const screen = liveUntilEnter(`Enter when ${doneWhen}; Ctrl-C ends without changes.`, this.signal);
    let drawnAtMs = Number.NEGATIVE_INFINITY;
    let last: Picture | undefined;
    const draw = (picture: Picture) => screen.draw(linesOf(picture));
    return {
      draw(picture) {
        last = picture;
        if (performance.now() - drawnAtMs < DRAW_EVERY_MS) return;
        drawnAtMs = performance.now();
        draw(picture);
      },
      get isDone() {
        return screen.isDone;
      },
      done: screen.done,
      end() {
        if (last !== undefined) draw(last);
        screen.end();
      },
    };
  }

  #answer<Value>(answer: Value | typeof CANCEL_SYMBOL): Value {
    this.signal.throwIfAborted();
    if (isCancel(answer)) throw new Interrupted();
    return answer as Value;
  }
}

/** In lines that fit beside the prompts' guide. */
function wrapped(message: string): string {
  const GUIDE_COLUMNS = 3;
  return Bun.wrapAnsi(terminalText(message), (process.stdout.columns || 80) - GUIDE_COLUMNS - 1);
}
