/** Alarms: what lasts is told when it is raised and when it is cleared, no more often than a person wants to read. */
import type { Clock } from "../../linux/clock.ts";
import type { EventSink, Severity } from "../reporting/events.ts";
import type { Problem } from "../reporting/problem.ts";
import { GrowingPauses } from "../state/growing-pauses.ts";

/** What comes and goes is told at most this often. */
const TELL_EVERY_US = 10_000_000;
/** Programs hear of each of so many, and then with growing pauses only. */
const FREELY = 5;

/** One alarm, from when it is raised first. */
interface Alarm {
  /** What is active now; undefined while it is not. */
  active: { severity: Severity; problem: Problem } | undefined;
  /** How its beginning was told that was told last, while its end was not: aloud, so that its end is worth telling too, or not. */
  shown: "aloud" | "quietly" | undefined;
  /** When it was told aloud last, and how often it was raised without that since. */
  toldUs: number;
  untold: number;
  readonly pauses: GrowingPauses;
}

/** The alarms of one pair, by name. */
export class Alarms {
  readonly #sink: EventSink;
  readonly #clock: Clock;
  readonly #alarms = new Map<string, Alarm>();
  /** Those that are active and have come and gone too often to be told at once. */
  readonly #due = new Set<string>();

  constructor(sink: EventSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Whether an alarm was raised, and not cleared since. */
  isActive(name: string): boolean {
    return this.#alarms.get(name)?.active !== undefined;
  }

  /** Raises an alarm; nothing happens while it is active. */
  raise(name: string, severity: Severity, problem: Problem): void {
    const alarm = this.#alarmOf(name);
    if (alarm.active !== undefined) return;
    alarm.active = { severity, problem };
    const nowUs = this.#clock.nowUs();
    if (!isLoud(alarm, nowUs)) alarm.untold++;
    if (alarm.pauses.isOver(nowUs)) this.#show(name, alarm, nowUs);
    else this.#due.add(name);
  }

  /** Raises an alarm of which people have been told already, in another way. */
  raiseQuietly(name: string, severity: Severity, problem: Problem): void {
    const alarm = this.#alarmOf(name);
    if (alarm.active === undefined) Object.assign(alarm, { toldUs: this.#clock.nowUs(), untold: -1 });
    this.raise(name, severity, problem);
  }

  /** Tells what asks for nothing, and so is no alarm, though it comes and goes like one: no more often than that. */
  inform(name: string, problem: Problem): void {
    const alarm = this.#alarmOf(name);
    const nowUs = this.#clock.nowUs();
    if (!isLoud(alarm, nowUs)) return;
    alarm.toldUs = nowUs;
    this.#sink({ kind: "notice", severity: "info", problem });
  }

  /** Clears an alarm, if it is active. Its end is told where its beginning was; `figures` are those of now. */
  clear(name: string, figures?: Problem): void {
    const alarm = this.#alarms.get(name);
    if (alarm !== undefined) this.#clear(name, alarm, figures, "loud");
  }

  /** Clears every alarm whose name begins so, without a word: what they were about is gone, or is told otherwise. */
  clearQuietly(beginning: string): void {
    for (const [name, alarm] of this.#alarms) {
      if (name.startsWith(beginning)) this.#clear(name, alarm, undefined, "quiet");
    }
  }

  /** Tells those that were to wait for a pause, and are active still. Allocates nothing while there are none. */
  look(): void {
    if (this.#due.size === 0) return;
    const nowUs = this.#clock.nowUs();
    for (const name of this.#due) {
      const alarm = this.#alarms.get(name)!;
      if (alarm.pauses.isOver(nowUs)) this.#show(name, alarm, nowUs);
    }
  }

  #alarmOf(name: string): Alarm {
    const before = this.#alarms.get(name);
    if (before !== undefined) return before;
    const pauses = new GrowingPauses(FREELY);
    const toldUs = Number.NEGATIVE_INFINITY;
    const alarm: Alarm = { active: undefined, shown: undefined, toldUs, untold: 0, pauses };
    this.#alarms.set(name, alarm);
    return alarm;
  }

  #show(name: string, alarm: Alarm, nowUs: number): void {
    const { severity, problem } = alarm.active!;
    const event = { kind: "alarm", change: "raised", name, severity, problem } as const;
    this.#due.delete(name);
    alarm.pauses.begin(nowUs);
    if (isLoud(alarm, nowUs)) {
      const { untold } = alarm;
      Object.assign(alarm, { shown: "aloud", toldUs: nowUs, untold: 0 });
      this.#sink(untold <= 0 ? event : { ...event, untold });
    } else {
      alarm.shown = "quietly";
      this.#sink({ ...event, quiet: true });
    }
  }

  #clear(name: string, alarm: Alarm, figures: Problem | undefined, how: "loud" | "quiet"): void {
    const { active, shown } = alarm;
    if (active === undefined) return;
    Object.assign(alarm, { active: undefined, shown: undefined });
    this.#due.delete(name);
    if (shown === undefined) return;
    const problem = figures ?? active.problem;
    const event = { kind: "alarm", change: "cleared", name, severity: "info", problem } as const;
    this.#sink(shown === "aloud" && how === "loud" ? event : { ...event, quiet: true });
  }
}

/** Whether it is long enough since it was told. */
function isLoud({ toldUs }: Alarm, nowUs: number): boolean {
  return nowUs - toldUs >= TELL_EVERY_US;
}
