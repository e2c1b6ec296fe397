/** The service's log: a line for the journal with its priority, elsewhere with the time. */
import { styleText } from "node:util";
import { isJournal, printLine } from "../linux/stdout.ts";
import type { Severity } from "../teleop/reporting/events.ts";

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
