/** Teleoperation as log lines: each change of state, each notice, a summary each minute. */
import { entryOf } from "../../daemon/events/event-history.ts";
import { log } from "../../daemon/log.ts";
import type { Output } from "../../daemon/service.ts";
import { describe, SUMMARY_EVERY_MS, type Summary } from "../../daemon/summary.ts";
import { flushLines } from "../../linux/text/stdout.ts";

/** Writes to the log. */
export function logOutput(summary: () => Summary): Output {
  const logSummary = () => log("info", describe(summary()));
  const timer = setInterval(logSummary, SUMMARY_EVERY_MS);
  return {
    event(event) {
      const entry = entryOf(event);
      if (entry !== undefined) log(entry.severity, `${entry.message} [${entry.code}]`);
    },
    end() {
      clearInterval(timer);
      logSummary();
      flushLines();
    },
  };
}
