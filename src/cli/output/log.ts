/** Teleoperation as log lines: each change of state, each notice, a summary each minute. */
import { entryOf } from "../../daemon/event-history.ts";
import { log } from "../../daemon/log.ts";
import { describe, summarise } from "../../daemon/summary.ts";
import { flushLines } from "../../linux/stdout.ts";
import { type MakeReporter, SUMMARY_EVERY_MS } from "./reporter.ts";

/** Reports to the log. */
export const logReporter: MakeReporter = (shared) => {
  const summary = () => log("info", describe(summarise(shared)));
  const timer = setInterval(summary, SUMMARY_EVERY_MS);
  return {
    event(event) {
      const entry = entryOf(event);
      if (entry !== undefined) log(entry.severity, `${entry.message} [${entry.code}]`);
    },
    end() {
      clearInterval(timer);
      summary();
      flushLines();
    },
  };
};
