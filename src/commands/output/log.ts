/** Teleoperation as log lines: each change of state, each notice, a summary each minute. */
import { styleText } from "node:util";
import { entryOf } from "../../daemon/event-history.ts";
import type { Severity } from "../../teleop/events.ts";
import { type MakeReporter, SUMMARY_EVERY_MS } from "./reporter.ts";
import { flushLines, isJournal, printLine } from "./stdout.ts";
import { describe, summarise } from "./summary.ts";

/** sd-daemon(3): a line's priority for the journal. */
const priorities: Readonly<Record<Severity, string>> = { info: "<6>", warning: "<4>", fault: "<3>" };

const colours = { info: "none", warning: "yellow", fault: "red" } as const;

const toJournal = isJournal();

/** Writes one line: to the journal with its priority, elsewhere with the time. */
export function log(severity: Severity, message: string): void {
  if (toJournal) {
    printLine(`${priorities[severity]}${message}`);
    return;
  }
  const text = severity === "warning" ? `warning: ${message}` : message;
  const style = colours[severity];
  printLine(`${new Date().toISOString()} ${style === "none" ? text : styleText(style, text)}`);
}

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
