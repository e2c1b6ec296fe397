/** What shows a running teleoperation to whoever watches: a person at a terminal, a log, a program. */
import type { ControlEvent } from "../../teleop/events.ts";
import type { SharedState } from "../../teleop/shared/state.ts";

/** Shows what happens. */
export interface Reporter {
  /** Something changed. */
  event(event: ControlEvent): void;
  /** Teleoperation has ended; nothing is shown after this. */
  end(): void;
}

/** Makes a reporter for a teleoperation that is about to start. */
export type MakeReporter = (shared: SharedState) => Reporter;

/** A summary is due this often where no screen shows the figures. */
export const SUMMARY_EVERY_MS = 60_000;
