/** How a command and a person talk: prompts on a terminal, lines without one, JSON for programs. */
import { type CANCEL_SYMBOL, confirm, isCancel, log, select } from "@clack/prompts";
import { printLine } from "../../linux/stdout.ts";
import { Interrupted, UsageError } from "../../workflows/errors.ts";

/** What a command asks and says. Questions reject with {@link Interrupted} when they are cancelled. */
export interface Dialogue {
  /** "terminal": a person reads and answers; "lines": a person or a log reads; "json": a program reads. */
  readonly kind: "terminal" | "lines" | "json";
  /** Something that is going on, or must be known. */
  say(message: string): void;
  /** Something that is done. */
  done(message: string): void;
  /** Something that is wrong and does not end the command. */
  warn(message: string): void;
  /** Something that is wrong and that the command was to find out. */
  fail(message: string): void;
  /**
   * Asks for a yes. Without a person `--yes` answers; without `--yes` it throws {@link UsageError}.
   * A question that `--yes` must not answer, because it is about a probable mistake, is `grave`: without a person the
   * answer is no.
   */
  confirm(question: string, options?: ConfirmOptions): Promise<boolean>;
  /** Asks for one of several. Without a person it throws {@link UsageError}, whose message ends in `instead`. */
  choose<Value extends string>(
    question: string,
    options: readonly Choice<Value>[],
    instead: string,
  ): Promise<Value>;
  /** An event for programs; printed with `--json` only. */
  event(event: { readonly event: string; readonly [field: string]: unknown }): void;
}

/** How a yes is asked for. */
export interface ConfirmOptions {
  readonly grave?: boolean;
  /** What Enter answers; yes unless told otherwise, no for a grave question. */
  readonly initial?: boolean;
}

/** One of several answers. */
export interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** The dialogue for a command's options. `signal` ends a question that is open. */
export function dialogueFor(
  { yes, json }: { readonly yes?: true | undefined; readonly json?: true | undefined },
  signal: AbortSignal,
): Dialogue {
  if (json) return new JsonDialogue(yes === true);
  return hasPerson() && !yes ? new TerminalDialogue(signal) : new LineDialogue(yes === true);
}

/** Whether somebody can be asked: both input and output are a terminal. */
function hasPerson(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

class TerminalDialogue implements Dialogue {
  readonly kind = "terminal";
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  say(message: string): void {
    log.info(wrapped(message));
  }

  done(message: string): void {
    log.success(wrapped(message));
  }

  warn(message: string): void {
    log.warn(wrapped(message));
  }

  fail(message: string): void {
    log.error(wrapped(message));
  }

  async confirm(
    question: string,
    { grave = false, initial = !grave }: ConfirmOptions = {},
  ): Promise<boolean> {
    return this.#answer(await confirm({ message: question, initialValue: initial, signal: this.#signal }));
  }

  async choose<Value extends string>(question: string, options: readonly Choice<Value>[]): Promise<Value> {
    const plain = options.map((option) => ({ ...option })) as { value: string; label: string }[];
    return this.#answer(await select({ message: question, options: plain, signal: this.#signal })) as Value;
  }

  event(): void {}

  #answer<Value>(answer: Value | typeof CANCEL_SYMBOL): Value {
    this.#signal.throwIfAborted();
    if (isCancel(answer)) throw new Interrupted();
    return answer as Value;
  }
}

/** In lines that fit beside the prompts' guide. */
function wrapped(message: string): string {
  const GUIDE_COLUMNS = 3;
  return Bun.wrapAnsi(message, (process.stdout.columns || 80) - GUIDE_COLUMNS - 1);
}

/** Without a person: `--yes` has answered beforehand. */
abstract class Monologue {
  readonly #yes: boolean;

  constructor(yes: boolean) {
    this.#yes = yes;
  }

  abstract say(message: string): void;
  abstract warn(message: string): void;

  async confirm(question: string, { grave = false }: ConfirmOptions = {}): Promise<boolean> {
    if (grave) {
      this.warn(question);
      return false;
    }
    if (!this.#yes) {
      throw new UsageError(`${question} — nobody can be asked here: run it on a terminal, or give --yes`);
    }
    this.say(`${question} — yes`);
    return true;
  }

  async choose<Value extends string>(
    question: string,
    _: readonly Choice<Value>[],
    instead: string,
  ): Promise<Value> {
    throw new UsageError(`${question} — nobody can be asked here: ${instead}`);
  }
}

class LineDialogue extends Monologue implements Dialogue {
  readonly kind = "lines";

  say(message: string): void {
    printLine(message);
  }

  done(message: string): void {
    printLine(message);
  }

  warn(message: string): void {
    printLine(`warning: ${message}`);
  }

  fail(message: string): void {
    printLine(`fault: ${message}`);
  }

  event(): void {}
}

class JsonDialogue extends Monologue implements Dialogue {
  readonly kind = "json";

  say(message: string): void {
    this.event({ event: "notice", severity: "info", message });
  }

  done(message: string): void {
    this.event({ event: "notice", severity: "info", message });
  }

  warn(message: string): void {
    this.event({ event: "notice", severity: "warning", message });
  }

  fail(message: string): void {
    this.event({ event: "notice", severity: "fault", message });
  }

  event(event: { readonly event: string; readonly [field: string]: unknown }): void {
    printLine(JSON.stringify(event));
  }
}
