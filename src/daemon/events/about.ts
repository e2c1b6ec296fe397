/** What an event is about. */
import type { EventCode } from "../../teleop/reporting/codes.ts";
import type { ControlEvent } from "../../teleop/reporting/events.ts";
import type { Problem } from "../../teleop/reporting/problem.ts";

/** The problems that an event tells of. */
export function problemsIn(event: ControlEvent): readonly Problem[] {
  if ("reasons" in event) return event.reasons;
  return "problem" in event ? [event.problem] : [];
}

/** The codes of the problems that an event tells of. */
export function codesOf(event: ControlEvent): EventCode[] {
  return problemsIn(event).map(({ code }) => code);
}
