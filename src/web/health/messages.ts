/** What the pages Health and Events are answered. */
import type { NumberedEvent } from "../../api/protocol.ts";
import type { Check } from "../../workflows/check.ts";

/** What the doctor found, and when that was. */
export interface HealthReply {
  readonly atMs: number;
  readonly checks: readonly Check[];
}

/** What was told since the service started, the oldest first; and what each code in it stands for. */
export interface EventsReply {
  readonly events: readonly NumberedEvent[];
  readonly meanings: Readonly<Record<string, string>>;
}

/** A report, with nothing personal in it. */
export interface ReportReply {
  readonly text: string;
}
