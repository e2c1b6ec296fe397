/** Teleoperation for programs: one JSON object a line. */

import { summarise } from "../../daemon/summary.ts";
import { flushLines, printLine } from "../../linux/stdout.ts";
import { formatCode } from "../../teleop/codes.ts";
import { type MakeReporter, SUMMARY_EVERY_MS } from "./reporter.ts";

/** Reports as JSON lines: `{"time", "event": "state" | "notice" | "calibration" | "summary" | "stopped", …}`. */
export const jsonReporter: MakeReporter = (shared) => {
  const write = (event: string, fields: object) =>
    printLine(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
  const summary = () => write("summary", summarise(shared));
  const timer = setInterval(summary, SUMMARY_EVERY_MS);
  return {
    event(event) {
      if (event.kind === "reason") return;
      const { kind, ...fields } = event;
      if (kind === "stopped") summary();
      if (!("code" in event)) write(kind, fields);
      else if (!("quiet" in event)) write(kind, { ...fields, code: formatCode(event.code, event.role) });
    },
    end() {
      clearInterval(timer);
      flushLines();
    },
  };
};
