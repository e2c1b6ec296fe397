/** Alarms: what lasts is told when it is raised and when it is cleared, no more often than a person wants to read. */
import type { Clock } from "../../linux/clock.ts";
import type { EventSink, Severity } from "../reporting/events.ts";
import type { Problem } from "../reporting/problem.ts";

/** What comes and goes is told at most this often. */
const TELL_EVERY_US = 10_000_000;

interface Alarm {
  readonly problem: Problem;
  /** Whether people were told that it was raised, so that its end is worth telling too. */
  readonly loud: boolean;
}

/** The alarms of one pair, by name. */
export class Alarms {
  readonly #sink: EventSink;
  readonly #clock: Clock;
  readonly #active = new Map<string, Alarm>();
  /** When an alarm was told last, and how often it was raised quietly since. */
  readonly #told = new Map<string, { atUs: number; untold: number }>();

  constructor(sink: EventSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Whether an alarm was raised, and not cleared since. */
  isActive(name: string): boolean {
    return this.#active.has(name);
  }

  /** Raises an alarm; nothing happens while it is active. */
  raise(name: string, severity: Severity, problem: Problem): void {
    if (this.#active.has(name)) return;
    const told = this.#told.get(name);
    const nowUs = this.#clock.nowUs();
    const loud = told === undefined || nowUs - told.atUs >= TELL_EVERY_US;
    this.#active.set(name, { problem, loud });
    const event = { kind: "alarm", change: "raised", name, severity, problem } as const;
    if (loud) {
      this.#told.set(name, { atUs: nowUs, untold: 0 });
      this.#sink(told === undefined || told.untold === 0 ? event : { ...event, untold: told.untold });
    } else {
      told.untold++;
      this.#sink({ ...event, quiet: true });
    }
  }

  /** Raises an alarm of which people have been told already, in another way. */
  raiseQuietly(name: string, severity: Severity, problem: Problem): void {
    if (!this.#active.has(name)) this.#told.set(name, { atUs: this.#clock.nowUs(), untold: -1 });
    this.raise(name, severity, problem);
  }

  /** Tells what asks for nothing, and so is no alarm, though it comes and goes like one: no more often than that. */
  inform(name: string, problem: Problem): void {
    const told = this.#told.get(name);
    const nowUs = this.#clock.nowUs();
    if (told !== undefined && nowUs - told.atUs < TELL_EVERY_US) return;
    this.#told.set(name, { atUs: nowUs, untold: 0 });
    this.#sink({ kind: "notice", severity: "info", problem });
  }

  /** Clears an alarm, if it is active. Its end is told where its beginning was; `figures` are those of now. */
  clear(name: string, figures: Problem | undefined = this.#active.get(name)?.problem): void {
    this.#clear(name, figures, "loud");
  }

  /** Clears every alarm whose name begins so, without a word: what they were about is gone, or is told otherwise. */
  clearQuietly(beginning: string): void {
    for (const [name, { problem }] of [...this.#active]) {
      if (name.startsWith(beginning)) this.#clear(name, problem, "quiet");
    }
  }

  #clear(name: string, problem: Problem | undefined, how: "loud" | "quiet"): void {
    const alarm = this.#active.get(name);
    if (alarm === undefined || problem === undefined) return;
    this.#active.delete(name);
    const event = { kind: "alarm", change: "cleared", name, severity: "info", problem } as const;
    this.#sink(alarm.loud && how === "loud" ? event : { ...event, quiet: true });
  }
}
