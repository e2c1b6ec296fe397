/** Teleoperation for programs: one JSON object a line. */
import type { Output } from "../../daemon/service.ts";
import { SUMMARY_EVERY_MS, type Summary } from "../../daemon/summary.ts";
import { flushLines, printLine } from "../../linux/text/stdout.ts";

/** Of states that change too often to be told one by one, the last is printed when so long has passed. */
const STATES_EVERY_MS = 1_000;

/** Prints JSON lines: `{"time", "event": "state" | "notice" | "calibration" | "summary" | "stopped", …}`. */
export function jsonOutput(summary: () => Summary): Output {
  const write = (event: string, fields: object) =>
    printLine(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));
  const timer = setInterval(() => write("summary", summary()), SUMMARY_EVERY_MS);
  /** A program needs the state also where people only read how often it has changed. */
  let state: object | undefined;
  let printing: NodeJS.Timeout | undefined;
  const printState = () => {
    clearTimeout(printing);
    printing = undefined;
    if (state !== undefined) write("state", state);
    state = undefined;
  };
  return {
    event(event) {
      const { kind, ...fields } = event;
      if (kind === "reason" || (kind === "notice" && event.quiet)) return;
      if (kind === "state" && event.quiet) {
        state = fields;
        printing ??= setTimeout(printState, STATES_EVERY_MS);
        return;
      }
      if (kind === "state") state = undefined;
      if (kind === "stopped") {
        printState();
        write("summary", summary());
      }
      write(kind, fields);
    },
    end() {
      clearInterval(timer);
      printState();
      flushLines();
    },
  };
}
