/** What a teleoperation has told, kept for whoever asks later: the state, the active alarms, the events. */
import type { StatedReason } from "../../api/protocol.ts";
import type { Severity } from "../../teleop/reporting/events.ts";
import type { PairState } from "../../teleop/state/states.ts";
import type { ToldEvent } from "./told.ts";

const EVENTS_KEPT = 500;
/** All messages have so many characters at most, each of them … */
const MOST_CHARACTERS = 256_000;
/** … so many: a configuration may be wrong in very many ways. */
const LONGEST_MESSAGE = 4_000;

/** Something that people were told, and when. */
export interface HistoryEntry {
  readonly time: Date;
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
}

/** One that is kept, with its number since the program started, from 1. */
export interface NumberedEntry extends HistoryEntry {
  readonly number: number;
}

/** An alarm that was raised and not cleared. */
export interface ActiveAlarm {
  readonly code: string;
  readonly message: string;
}

/** Keeps what was told. */
export class EventHistory {
  #state: PairState = "waiting";
  #since = new Date();
  #why = "just started";
  #reasons: readonly StatedReason[] = [];
  #holds = 0;
  readonly #events: NumberedEntry[] = [];
  #count = 0;
  #characters = 0;
  readonly #alarms = new Map<string, ActiveAlarm>();

  /** Takes an event in. */
  take(event: ToldEvent): void {
    if (event.kind === "state") {
      this.#state = event.to;
      this.#since = new Date();
      this.#why = event.why;
      this.#reasons = event.reasons;
      if (event.to === "holding") this.#holds++;
    } else if (event.kind === "reason") {
      this.#why = event.why;
      this.#reasons = event.reasons;
    } else if (event.kind === "notice" && event.alarm !== undefined) {
      if (event.cleared) this.#alarms.delete(event.alarm);
      else this.#alarms.set(event.alarm, { code: event.code, message: event.message });
    }
    const entry = entryOf(event);
    if (entry === undefined) return;
    const message = cut(entry.message);
    this.#events.push({ ...entry, message, number: ++this.#count });
    this.#characters += message.length;
    while (this.#events.length > EVENTS_KEPT || this.#characters > MOST_CHARACTERS) {
      this.#characters -= this.#events.shift()!.message.length;
    }
  }

  /** The state of the pair, as it was told last. */
  get state(): PairState {
    return this.#state;
  }

  /** Since when the pair is in its state. */
  get since(): Date {
    return this.#since;
  }

  /** Why it is. */
  get why(): string {
    return this.#why;
  }

  /** The same by code, with what settles each. */
  get reasons(): readonly StatedReason[] {
    return this.#reasons;
  }

  /** How often the follower was held since the program started. */
  get holds(): number {
    return this.#holds;
  }

  /** All events that are kept, the oldest first. */
  get events(): readonly NumberedEntry[] {
    return this.#events;
  }

  /** What was raised and not cleared. */
  get activeAlarms(): readonly ActiveAlarm[] {
    return [...this.#alarms.values()];
  }
}

/** What an event says to people; undefined for what is not for them. */
export function entryOf(event: ToldEvent): HistoryEntry | undefined {
  if ((event.kind !== "state" && event.kind !== "notice") || event.quiet) return undefined;
  const time = new Date();
  if (event.kind === "state") {
    const severity = event.to === "faulted" ? "fault" : "info";
    return { time, code: event.code, severity, message: `${event.to}: ${event.why}` };
  }
  const { code, severity, message } = event;
  return { time, code, severity, message };
}

function cut(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`;
}
