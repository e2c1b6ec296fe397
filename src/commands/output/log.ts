/** Teleoperation as log lines: each change of state, each notice, a summary each minute. */
import { styleText } from "node:util";
import type { ControlEvent, Severity } from "../../teleop/events.ts";
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

/** How serious an event is, and what it says. */
export function describeEvent(event: ControlEvent): { severity: Severity; message: string } | undefined {
  switch (event.kind) {
    case "state":
      return { severity: event.to === "faulted" ? "fault" : "info", message: `${event.to}: ${event.why}` };
    case "notice":
      return { severity: event.severity, message: event.message };
    default:
      return undefined;
  }
}

/** Reports to the log. */
export const logReporter: MakeReporter = (shared) => {
  const summary = () => log("info", describe(summarise(shared)));
  const timer = setInterval(summary, SUMMARY_EVERY_MS);
  return {
    event(event) {
      const line = describeEvent(event);
      if (line !== undefined) log(line.severity, line.message);
    },
    end() {
      clearInterval(timer);
      summary();
      flushLines();
    },
  };
};
