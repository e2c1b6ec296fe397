/** Teleoperation for programs: one JSON object a line. */
import type { Output } from "../../daemon/service.ts";
import { SUMMARY_EVERY_MS, type Summary } from "../../daemon/summary.ts";
import { flushLines, printLine } from "../../linux/stdout.ts";

/** Prints JSON lines: `{"time", "event": "state" | "notice" | "calibration" | "summary" | "stopped", …}`. */
export function jsonOutput(summary: () => Summary): Output {
  const write = (event: string, fields: object) =>
    printLine(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
  const timer = setInterval(() => write("summary", summary()), SUMMARY_EVERY_MS);
  return {
    event(event) {
      const { kind, ...fields } = event;
      // A program needs each change of state, also where people only read how many there were.
      if (kind === "reason" || (kind === "notice" && event.quiet)) return;
      if (kind === "stopped") write("summary", summary());
      write(kind, fields);
    },
    end() {
      clearInterval(timer);
      flushLines();
    },
  };
}
