/** The events that are kept, for the control socket: some at a time, so that a reply stays as short as a status. */
import type { NumberedEvent } from "../../api/protocol.ts";
import type { NumberedEntry } from "../events/event-history.ts";

const MOST_EVENTS = 50;
/** A reply has one event at least. */
const MOST_CHARACTERS = 10_000;

/** The first of those events, the oldest first, that come after a number. */
export function eventsAfter(after: number, events: readonly NumberedEntry[]): NumberedEvent[] {
  // The numbers have no gaps.
  const from = Math.max(0, after + 1 - (events[0]?.number ?? 0));
  const page: NumberedEvent[] = [];
  let characters = 0;
  for (const { time, ...event } of events.slice(from, from + MOST_EVENTS)) {
    characters += event.message.length;
    if (page.length > 0 && characters > MOST_CHARACTERS) break;
    page.push({ ...event, time: time.toISOString() });
  }
  return page;
}
