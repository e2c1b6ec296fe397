/** What a teleoperation has told, kept for whoever asks later: the state, what holds, the last events. */
import { type EventCode, formatCode } from "../teleop/codes.ts";
import type { ControlEvent, Notice, Severity } from "../teleop/events.ts";
import type { PairState } from "../teleop/shared/state.ts";

const EVENTS_KEPT = 10;

/** Something that was told, and when. */
export interface JournalEntry {
  readonly time: Date;
  /** As {@link formatCode} writes it. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
}

/** Keeps what control events have told. */
export class Journal {
  state: PairState = "waiting";
  /** Since when the pair is in its state, … */
  since = new Date();
  /** … and why. */
  why = "just started";
  readonly #events: JournalEntry[] = [];
  readonly #holds = new Map<string, { readonly code: string; readonly message: string }>();

  /** Takes an event in. */
  take(event: ControlEvent): void {
    if (event.kind === "state") {
      this.state = event.to;
      this.since = new Date();
      this.why = event.why;
    } else if (event.kind === "reason") {
      this.why = event.why;
    } else if (event.kind === "notice" && event.episode !== undefined) {
      this.#takeEpisode(event, event.episode);
    }
    const entry = entryOf(event);
    if (entry === undefined) return;
    this.#events.push(entry);
    if (this.#events.length > EVENTS_KEPT) this.#events.shift();
  }

  /** The last events, the oldest first. */
  get events(): readonly JournalEntry[] {
    return this.#events;
  }

  /** What began and has not ended. */
  get holds(): readonly { readonly code: string; readonly message: string }[] {
    return [...this.#holds.values()];
  }

  #takeEpisode({ code, role, message, over }: Notice, episode: string): void {
    if (over) this.#holds.delete(episode);
    else this.#holds.set(episode, { code: formatCode(code, role), message });
  }
}

/** What an event says to people; undefined for what is not for them. */
export function entryOf(event: ControlEvent): JournalEntry | undefined {
  const entry = (severity: Severity, code: EventCode, message: string): JournalEntry => ({
    time: new Date(),
    code: formatCode(code, "role" in event ? event.role : undefined),
    severity,
    message,
  });
  if (event.kind === "state") {
    return entry(event.to === "faulted" ? "fault" : "info", event.code, `${event.to}: ${event.why}`);
  }
  if (event.kind === "notice" && !event.quiet) return entry(event.severity, event.code, event.message);
  return undefined;
}
